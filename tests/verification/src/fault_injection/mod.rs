//! Injects faults at call sites.
//!
//! Each flow runs once without a fault, which lists its calls to DynamoDB, SES and Secrets Manager.
//! Then it runs once more for every call, every fault that can happen there and every duration. The
//! clients retry, the stream delivers again, and in the end the flow must have its normal outcome
//! and the invariants must hold.

#![expect(
    clippy::indexing_slicing,
    reason = "a field missing from a JSON value is null"
)]

mod call_site;
mod fault;
mod flows;
mod injection;
mod injector;
mod invariants;
mod ledger;
mod password_log;
mod postconditions;
mod runner;
mod scenario;

pub use fault::FaultKind;
pub use injection::FaultDuration;

use crate::{Figures, Report, ensure, parallel};
use call_site::CallSite;
use flows::Flow;
use injection::{Injection, name};
use injector::Plan;
use runner::Run;
use std::collections::{BTreeMap, BTreeSet};

/// The number of failed runs that are reported.
const MAX_REPORTED: usize = 20;

/// Selects the cases to run.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Settings {
    /// Only every n-th case of each flow
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub every: usize,
    /// Only the flow of this name
    #[arg(long)]
    pub flow: Option<String>,
    /// Only the n-th call of the flow (starting at 1)
    #[arg(long, value_name = "N")]
    pub call: Option<usize>,
    /// Only faults of this kind
    #[arg(long)]
    pub fault: Option<FaultKind>,
    /// Only faults that last for so long
    #[arg(long)]
    pub duration: Option<FaultDuration>,
}

/// One run: a flow, and the fault at one of its calls.
struct Case<'a> {
    flow: &'a Flow,
    site: &'a CallSite,
    injection: Injection,
}

/// Runs all selected cases.
///
/// # Errors
/// The cases that failed, and the commands that replay them.
pub fn run(settings: &Settings, show_progress: bool) -> Report {
    let mut flows = flows::all();
    flows.retain(|flow| {
        settings
            .flow
            .as_ref()
            .is_none_or(|name| *name == flow.name())
    });
    let baselines = run_each(&flows, |_| Plan::Baseline)?;
    if settings.flow.is_none() {
        check_grants(&baselines)?;
    }
    let with_baseline = flows.iter().zip(&baselines);
    let cases = with_baseline.flat_map(|(flow, baseline)| settings.cases(flow, &baseline.sites));
    let cases: Vec<_> = cases.collect();
    ensure!(!cases.is_empty(), "no such case");
    let runs = successes(parallel::each(&cases, show_progress, |_, case| case.run()))?;
    let figures = figures(flows.len(), &runs);
    let present: usize = baselines.iter().map(|baseline| baseline.sites.len()).sum();
    Ok(figures.with("calls in all flows", &present))
}

/// Runs every flow once, with one fault at one of its first calls.
///
/// # Errors
/// As for [`run`].
pub fn sample() -> Report {
    let flows = flows::all();
    let runs = run_each(&flows, Plan::Sample)?;
    check_grants(&runs)?;
    Ok(figures(flows.len(), &runs))
}

fn run_each(flows: &[Flow], plan: impl Fn(usize) -> Plan + Sync) -> Result<Vec<Run>, String> {
    let runs = parallel::each(flows, false, |number, flow| runner::run(flow, plan(number)));
    successes(runs)
}

/// Returns all runs, or the first failures.
fn successes(results: Vec<Result<Run, String>>) -> Result<Vec<Run>, String> {
    let (count, mut runs, mut failures) = (results.len(), vec![], vec![]);
    for result in results {
        match result {
            Ok(run) => runs.push(run),
            Err(why) => failures.push(why),
        }
    }
    let failed = failures.len();
    failures.truncate(MAX_REPORTED);
    let failures = failures.join("\n");
    ensure!(failed == 0, "{failed} of {count} runs\n{failures}");
    Ok(runs)
}

impl Settings {
    fn cases<'a>(&self, flow: &'a Flow, sites: &'a [CallSite]) -> Vec<Case<'a>> {
        let calls = (1..)
            .zip(sites)
            .filter(|(call, _)| self.call.is_none_or(|only| only == *call));
        let cases = calls.flat_map(|(call, site)| {
            let case = move |injection| Case {
                flow,
                site,
                injection,
            };
            Injection::all_at(site, call).into_iter().map(case)
        });
        cases
            .filter(|case| self.selects(case.injection))
            .step_by(self.every.max(1))
            .collect()
    }

    fn selects(&self, injection: Injection) -> bool {
        self.fault.is_none_or(|fault| fault == injection.fault)
            && self
                .duration
                .is_none_or(|duration| duration == injection.duration)
    }
}

impl Case<'_> {
    fn run(&self) -> Result<Run, String> {
        let run = runner::run(self.flow, Plan::Inject(self.injection))?;
        let (flow, call) = (&run.flow, self.injection.call);
        let is_same_call = run.sites.get(call - 1) == Some(self.site);
        ensure!(is_same_call, "another call {call} in {flow}");
        Ok(run)
    }
}

/// Checks that the flows use every grant of the template on a table.
fn check_grants(runs: &[Run]) -> Result<(), String> {
    let used: BTreeSet<_> = runs.iter().flat_map(|run| run.grants.clone()).collect();
    let parameters = kit::parameters(&[("EmailFrom", "no-reply@example.com")]);
    let template = local::template::Template::read(&parameters);
    let tables = format!(
        "arn:aws:dynamodb:us-east-1:000000000000:table/{}-",
        local::template::STACK
    );
    for function in template.map_err(|error| error.to_string())?.functions {
        for (action, resource) in function.grants {
            let table = resource.strip_prefix(&tables).unwrap_or_default();
            let grant = (function.name.clone(), action, table.to_owned());
            ensure!(used.contains(&grant), "no flow uses {grant:?}");
        }
    }
    Ok(())
}

fn figures(flows: usize, runs: &[Run]) -> Figures {
    let mut calls = BTreeSet::new();
    let mut runs_by_fault = BTreeMap::<_, usize>::new();
    for run in runs {
        if let Some(injection) = run.injection {
            calls.insert((&run.flow, injection.call));
            *runs_by_fault.entry(name(&injection.fault)).or_default() += 1;
        }
    }
    let by_fault = runs_by_fault
        .iter()
        .map(|(fault, count)| format!("\n  {fault} {count}"));
    let sum = |count: fn(&Run) -> usize| runs.iter().map(count).sum::<usize>();
    Figures::default()
        .with("flows", &flows)
        .with("runs", &runs.len())
        .with("calls with a fault", &calls.len())
        .with("runs by fault", &by_fault.collect::<String>())
        .with("attempts with a fault", &sum(|run| run.injected))
        .with(
            "requests that clients had to repeat",
            &sum(|run| run.retries),
        )
}
