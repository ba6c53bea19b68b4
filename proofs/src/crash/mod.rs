//! A crash at every point. Each flow is run once to see at which calls to the store, the mail
//! provider and the keys something could go wrong; then once more for each of those points and each
//! fault that can happen there. The clients come back, the stream hands over again, and when
//! everything is over the flow must have come to its normal end and the invariants must hold.

#![expect(
    clippy::indexing_slicing,
    reason = "what is not in a JSON value is null, and no panic"
)]

mod aftermath;
mod answers;
mod faults;
mod flows;
mod invariants;
mod kinds;
mod once;
mod scene;
mod stream;
mod tries;

use crate::{Figures, Proof, parallel};
use clap::Args;
use faults::Plan;
use flows::Flow;
use invariants::INVARIANTS;
use kinds::{Kind, Point, Strike};
use once::{Seen, name, once};
use std::collections::{BTreeMap, BTreeSet};
use tests::owned;

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
    /// Only the n-th call (starting at 1)
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

/// Function by function and fault by fault.
///
/// # Errors
/// The cases that broke, and how to see them again.
pub fn run(selection: &Selection, shown: bool) -> Proof {
    let flows: Vec<_> = flows::all()
        .into_iter()
        .filter(|flow| is(&selection.flow, flow.name))
        .collect();
    let calm = parallel::each(&flows, false, |_, flow| once(flow, Plan::Calm));
    let calm = calm.into_iter().collect::<Result<Vec<_>, _>>()?;
    if selection.flow.is_none() {
        nothing_granted_is_left_out(&calm)?;
    }
    let cases = flows
        .iter()
        .zip(&calm)
        .flat_map(|(flow, seen)| selection.cases(flow, &seen.points));
    let cases: Vec<_> = cases.collect();
    if cases.is_empty() {
        return Err("there is no such case".to_owned());
    }
    let tally = Tally::of(parallel::each(&cases, shown, |_, case| case.run()))?;
    let present: usize = calm.iter().map(|seen| seen.points.len()).sum();
    if selection.is_everything() && tally.points.len() != present {
        return Err(format!(
            "{} of {present} points are covered",
            tally.points.len()
        ));
    }
    Ok(tally.figures(flows.len()).with("points present", &present))
}

/// Every flow once, each with one fault somewhere at its beginning: what `cargo test` has time for.
///
/// # Errors
/// As [`run`].
pub fn sample() -> Proof {
    let flows = flows::all();
    let results = parallel::each(&flows, false, |number, flow| {
        once(flow, Plan::Sample(number))
    });
    let seen = results.into_iter().collect::<Result<Vec<_>, _>>()?;
    nothing_granted_is_left_out(&seen)?;
    Ok(Tally::of(seen.into_iter().map(Ok).collect())?.figures(flows.len()))
}

impl Selection {
    fn is_everything(&self) -> bool {
        self.every <= 1 && self.fault.is_none() && self.extent.is_none() && self.point.is_none()
    }

    fn cases<'a>(&self, flow: &'a Flow, points: &'a [Point]) -> Vec<Case<'a>> {
        let all = points.iter().zip(1..).flat_map(|(point, at)| {
            let strikes = point
                .faults()
                .into_iter()
                .map(move |(kind, extent)| Strike {
                    point: at,
                    kind,
                    extent,
                });
            strikes.map(move |strike| Case {
                flow,
                point,
                strike,
            })
        });
        all.filter(|case| self.wants(case.strike))
            .step_by(self.every.max(1))
            .collect()
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

impl Case<'_> {
    fn run(&self) -> Result<Seen, String> {
        let seen = once(self.flow, Plan::Strike(self.strike))?;
        if seen.points.get(self.strike.point - 1) == Some(self.point) {
            return Ok(seen);
        }
        Err(format!(
            "{} did not come to its point {} as it did before",
            self.flow.name, self.strike.point
        ))
    }
}

/// What the template's roles allow is what the functions can call: the flows make every such call.
fn nothing_granted_is_left_out(calm: &[Seen]) -> Result<(), String> {
    let done: BTreeSet<_> = calm.iter().flat_map(|seen| seen.grants.clone()).collect();
    let template =
        local::template::Template::read(&owned(&[("EmailFrom", "no-reply@example.com")]));
    let prefix = format!(
        "arn:aws:dynamodb:us-east-1:000000000000:table/{}-",
        local::template::STACK
    );
    for function in template.map_err(|error| error.to_string())?.functions {
        for (action, resource) in function.grants {
            let table = resource.strip_prefix(&prefix).unwrap_or_default();
            let grant = (function.name.clone(), action, table.to_owned());
            if !done.contains(&grant) {
                return Err(format!(
                    "no flow makes the call {grant:?}, which the template grants: add one"
                ));
            }
        }
    }
    Ok(())
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
    /// Of all runs, or those that broke.
    fn of(results: Vec<Result<Seen, String>>) -> Result<Self, String> {
        let runs = results.len();
        let (mut tally, mut broken) = (Self::default(), vec![]);
        for result in results {
            match result {
                Ok(seen) => tally.count(&seen),
                Err(why) => broken.push(why),
            }
        }
        if broken.is_empty() {
            return Ok(tally);
        }
        let shown: Vec<_> = broken.iter().take(MOST_SHOWN).map(String::as_str).collect();
        Err(format!(
            "{} of {runs} runs\n{}",
            broken.len(),
            shown.join("\n")
        ))
    }

    fn count(&mut self, seen: &Seen) {
        self.runs += 1;
        if let Some(strike) = seen.strike {
            self.points.insert((seen.flow, strike.point));
            *self.kinds.entry(name(strike.kind)).or_default() += 1;
        }
        self.struck += seen.struck;
        self.hidden += usize::from(seen.told_later == 0);
        self.told_later += seen.told_later;
    }

    fn figures(self, flows: usize) -> Figures {
        let kinds = Kind::ALL
            .map(name)
            .map(|kind| format!("{kind} {}", self.kinds.get(&kind).unwrap_or(&0)));
        Figures::default()
            .with("flows", &flows)
            .with("points covered", &self.points.len())
            .with("runs", &self.runs)
            .with("runs by fault", &kinds.join(", "))
            .with("attempts made to fail", &self.struck)
            .with("runs in which no client noticed", &self.hidden)
            .with("answers that said \"later\"", &self.told_later)
            .with("invariants checked", &(self.runs * INVARIANTS.len()))
            .with("invariants broken", &0)
    }
}
