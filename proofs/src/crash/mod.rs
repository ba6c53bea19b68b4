//! A crash at every point. Each flow is run once to see at which calls to the store, the mail provider and the keys
//! something could go wrong; then once more for each of those points and each fault that can happen there. The clients
//! come back, the stream hands over again, and when everything is over the flow must have come to its normal end and
//! the invariants must hold.

#![expect(clippy::indexing_slicing, reason = "what is not in a JSON value is null, and no panic")]

mod aftermath;
mod faults;
mod flows;
mod invariants;
mod kinds;
mod scene;
mod stream;

use crate::progress::Progress;
use crate::{Figures, Proof};
use clap::Args;
use faults::Faults;
use flows::Flow;
use invariants::{Facts, INVARIANTS};
use kinds::{Kind, Point, Strike};
use scene::Scene;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use tests::{mins, owned};

/// Where the choice begins moves on by this from flow to flow: a prime, so that it meets every fault somewhere.
const SPREAD: usize = 97;
/// What has no flows yet: accounts and passwords.
const NOT_YET: [&str; 6] = ["activate", "admin", "reset", "sessions", "sign-in", "sign-up"];
/// How many broken cases are shown.
const MOST_SHOWN: usize = 20;

/// Which of the cases are run.
#[derive(Args, Clone, Debug, Default)]
pub struct Selection {
    /// Only every n-th case of each flow
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub every: usize,
    /// Only this flow
    #[arg(long)]
    pub flow: Option<String>,
    /// Only this point of it: the how-manieth call, from 1
    #[arg(long)]
    pub point: Option<usize>,
    /// Only this fault, as a failure names it
    #[arg(long)]
    pub fault: Option<String>,
    /// Only this extent: once, thrice, call or rest
    #[arg(long)]
    pub extent: Option<String>,
}

/// One run: a flow, and what goes wrong in it.
struct Case<'a> {
    flow: &'a Flow,
    point: &'a Point,
    strike: Strike,
}

/// What a run was like.
struct Seen {
    points: Vec<Point>,
    struck: usize,
    told_later: usize,
    grants: BTreeSet<Grant>,
}

type Grant = (String, String, String);

/// Function by function and fault by fault.
///
/// # Errors
/// The cases that broke, and how to see them again.
pub fn run(selection: &Selection, shown: bool) -> Proof {
    let flows: Vec<_> = flows::all().into_iter().filter(|flow| is(&selection.flow, flow.name)).collect();
    let calm = side_by_side(&flows, &Progress::new("flows", flows.len() as u64, false), |flow| {
        once(flow, None).map_err(|why| format!("the flow {} by itself: {why}", flow.name))
    });
    let calm = calm.into_iter().collect::<Result<Vec<_>, _>>()?;
    if selection.flow.is_none() {
        nothing_granted_is_left_out(&calm)?;
    }
    let numbered = flows.iter().zip(&calm).enumerate();
    let cases = numbered.flat_map(|(number, (flow, seen))| selection.cases(number, flow, &seen.points));
    let cases: Vec<_> = cases.collect();
    let (mut tally, mut broken) = (Tally::default(), vec![]);
    let progress = Progress::new("cases", cases.len() as u64, shown);
    for (case, result) in cases.iter().zip(side_by_side(&cases, &progress, Case::run)) {
        match result {
            Ok(seen) => tally.count(case, &seen),
            Err(why) => broken.push(why),
        }
    }
    if !broken.is_empty() {
        let first: Vec<_> = broken.iter().take(MOST_SHOWN).cloned().collect();
        return Err(format!("{} of {} cases\n{}", broken.len(), cases.len(), first.join("\n")));
    }
    let present = calm.iter().map(|seen| seen.points.len()).sum();
    if selection.is_everything() && tally.points.len() != present {
        return Err(format!("{} of {present} points are covered", tally.points.len()));
    }
    Ok(tally.figures(flows.len(), present))
}

/// What `work` makes of each item, in their order; as many at a time as the machine has cores.
fn side_by_side<T: Sync, R: Send>(items: &[T], progress: &Progress, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let worker = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(number) else { return };
            let result = work(item);
            results.lock().unwrap_or_else(PoisonError::into_inner).insert(number, result);
            progress.step();
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(worker);
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

impl Selection {
    fn is_everything(&self) -> bool {
        self.every <= 1 && self.fault.is_none() && self.extent.is_none() && self.point.is_none()
    }

    /// The cases of the flow with this number; where only some are wanted, not of every flow the same.
    fn cases<'a>(&self, number: usize, flow: &'a Flow, points: &'a [Point]) -> Vec<Case<'a>> {
        let all = points.iter().zip(1..).flat_map(|(point, at)| {
            let strikes = point.faults().into_iter().map(move |(kind, extent)| Strike { point: at, kind, extent });
            strikes.map(move |strike| Case { flow, point, strike })
        });
        let wanted: Vec<_> = all.filter(|case| self.wants(case.strike)).collect();
        let every = self.every.clamp(1, wanted.len().max(1));
        wanted.into_iter().skip(number * SPREAD % every).step_by(every).collect()
    }

    fn wants(&self, strike: Strike) -> bool {
        self.point.is_none_or(|point| point == strike.point)
            && is(&self.fault, &name(strike.kind))
            && is(&self.extent, &name(strike.extent))
    }
}

fn is(wanted: &Option<String>, name: &str) -> bool {
    wanted.as_deref().is_none_or(|wanted| wanted == name)
}

/// `LoseAnswer` is `lose-answer`.
fn name(of: impl std::fmt::Debug) -> String {
    let written = format!("{of:?}");
    let dashed = written.chars().enumerate().map(|(at, letter)| match letter {
        'A'..='Z' if at > 0 => format!("-{}", letter.to_ascii_lowercase()),
        _ => letter.to_ascii_lowercase().to_string(),
    });
    dashed.collect()
}

impl Case<'_> {
    fn run(&self) -> Result<Seen, String> {
        let seen = once(self.flow, Some(self.strike)).map_err(|why| self.broken(&why))?;
        if seen.struck == 0 || seen.points.get(self.strike.point - 1) != Some(self.point) {
            return Err(self.broken("the flow did not come to this point as it did before"));
        }
        Ok(seen)
    }

    fn broken(&self, why: &str) -> String {
        let (flow, point) = (self.flow.name, self.strike.point);
        let (fault, extent) = (name(self.strike.kind), name(self.strike.extent));
        let again = format!("--flow {flow} --point {point} --fault {fault} --extent {extent}");
        format!(
            "{flow}, {fault} ({extent}) at {}: {why}\nagain: cargo run --profile proof -p proofs -- crash {again}",
            self.point
        )
    }
}

/// A flow from beginning to end, and what must hold then.
fn once(flow: &Flow, strike: Option<Strike>) -> Result<Seen, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let faults = Faults::new(strike);
        let scene = Scene::new(flow.parameters, Arc::clone(&faults)).await;
        (flow.run)(&scene).await?;
        scene.finish().await?;
        let (points, struck) = (faults.present(), faults.struck());
        scene.world.portal.set_fault(|_| local::seam::Fault::None);
        let calls = scene.world.portal.take_calls();
        let actions = |call: local::seam::Call| {
            let function = call.function;
            call.actions.into_iter().map(move |(action, table)| (function.clone(), action, table))
        };
        let facts = Facts::of(&scene, flow.ends)?;
        for (invariant, holds) in INVARIANTS {
            holds(&facts).map_err(|why| format!("\"{invariant}\" does not hold: {why}"))?;
        }
        scene.aftermath().await?;
        scene.pass(mins(60));
        scene.world.portal.sweep_ttl().map_err(|error| error.to_string())?;
        scene.aftermath().await?;
        Ok(Seen {
            points,
            struck,
            told_later: scene.told_later(),
            grants: calls.into_iter().flat_map(actions).collect(),
        })
    })
}

/// What the template's roles allow is what the functions can call: the flows make every such call.
fn nothing_granted_is_left_out(calm: &[Seen]) -> Result<(), String> {
    let done: BTreeSet<_> = calm.iter().flat_map(|seen| seen.grants.clone()).collect();
    let template = local::template::Template::read(&owned(&[("MailFrom", "no-reply@example.com")]));
    let prefix = format!("arn:aws:dynamodb:us-east-1:000000000000:table/{}-", local::template::STACK);
    for function in template.map_err(|error| error.to_string())?.functions {
        for (action, resource) in function.grants {
            let table = resource.strip_prefix(&prefix).unwrap_or_default();
            let grant = (function.name.clone(), action, table.to_owned());
            if !done.contains(&grant) && !NOT_YET.contains(&grant.0.as_str()) && !replaces(&grant) {
                return Err(format!("no flow makes the call {grant:?}, which the template grants: add one"));
            }
        }
    }
    Ok(())
}

/// Signing in while signed in, which has no flow yet either.
fn replaces((function, action, _): &Grant) -> bool {
    function == "verify" && action == "dynamodb:DeleteItem" || function == "mailer" && action == "dynamodb:PutItem"
}

/// What the runs were like, all together.
#[derive(Default)]
struct Tally {
    runs: usize,
    points: BTreeSet<(&'static str, usize)>,
    kinds: BTreeMap<String, usize>,
    struck: usize,
    hidden: usize,
    told_later: usize,
}

impl Tally {
    fn count(&mut self, case: &Case<'_>, seen: &Seen) {
        self.runs += 1;
        self.points.insert((case.flow.name, case.strike.point));
        *self.kinds.entry(name(case.strike.kind)).or_default() += 1;
        self.struck += seen.struck;
        self.hidden += usize::from(seen.told_later == 0);
        self.told_later += seen.told_later;
    }

    fn figures(self, flows: usize, present: usize) -> Figures {
        let kinds = Kind::ALL.map(name).map(|kind| format!("{kind} {}", self.kinds.get(&kind).unwrap_or(&0)));
        Figures::default()
            .with("flows", &flows)
            .with("points covered", &format!("{} of {present}", self.points.len()))
            .with("runs", &self.runs)
            .with("runs by fault", &kinds.join(", "))
            .with("attempts made to fail", &self.struck)
            .with("runs in which no client noticed", &self.hidden)
            .with("answers that said \"later\"", &self.told_later)
            .with("invariants checked", &(self.runs * INVARIANTS.len()))
            .with("invariants broken", &0)
    }
}
