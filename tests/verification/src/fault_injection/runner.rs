//! Runs one flow and checks what must hold afterwards.

use super::call_site::CallSite;
use super::flows::Flow;
use super::injection::Injection;
use super::injector::{Injector, Plan};
use super::invariants::{Facts, INVARIANTS};
use super::postconditions::{check_links_and_sessions, check_passwords, finish};
use super::scenario::{SEED, Scenario};
use crate::parallel::paused;
use kit::mins;
use std::collections::BTreeSet;
use std::sync::Arc;

const COMMAND: &str = "cargo run --profile verification -p verification -- fault-injection";

/// The record of one run.
pub(super) struct Run {
    pub(super) flow: String,
    pub(super) injection: Option<Injection>,
    pub(super) sites: Vec<CallSite>,
    pub(super) injected: usize,
    pub(super) retries: usize,
    pub(super) grants: BTreeSet<Grant>,
}

/// A function, an action and a table.
pub(super) type Grant = (String, String, String);

/// Runs a flow in a portal of its own; the error says what failed and how to replay it.
pub(super) fn run(flow: &Flow, plan: Plan) -> Result<Run, String> {
    let injector = Injector::new(plan);
    paused(SEED, run_and_check(flow, &injector)).map_err(|why| explain(flow, &injector, &why))
}

async fn run_and_check(flow: &Flow, injector: &Arc<Injector>) -> Result<Run, String> {
    let scenario = Scenario::start(flow.parameters, Arc::clone(injector)).await;
    (flow.steps)(&scenario).await?;
    finish(&scenario).await?;
    scenario.world.clear_fault();
    let run = Run {
        flow: flow.name(),
        injection: injector.injection(),
        sites: injector.sites(),
        injected: injector.injected(),
        retries: scenario.retries(),
        grants: used_grants(&scenario),
    };
    let facts = Facts::of(&scenario, flow.email_statuses)?;
    for (invariant, check) in INVARIANTS {
        check(&facts).map_err(|why| format!("\"{invariant}\" does not hold: {why}"))?;
    }
    check_links_and_sessions(&scenario).await?;
    scenario.advance(mins(60));
    let swept = scenario.world.portal.sweep_ttl();
    swept.map_err(|error| error.to_string())?;
    check_links_and_sessions(&scenario).await?;
    check_passwords(&scenario).await?;
    Ok(run)
}

fn used_grants(scenario: &Scenario) -> BTreeSet<Grant> {
    let calls = scenario.world.portal.take_calls().into_iter();
    let grants = calls.flat_map(|call| {
        let of_function = move |(action, table)| (call.function.clone(), action, table);
        call.actions.into_iter().map(of_function)
    });
    grants.collect()
}

fn explain(flow: &Flow, injector: &Injector, why: &str) -> String {
    let name = flow.name();
    let Some(injection) = injector.injection() else {
        return format!("{name}, without a fault: {why}\nreplay: {COMMAND} --flow {name}");
    };
    let sites = injector.sites();
    let site = sites.get(injection.call - 1);
    let site = site.map(ToString::to_string).unwrap_or_default();
    format!("{name}, at {site}: {why}\nreplay: {COMMAND} --flow {name} {injection}")
}
