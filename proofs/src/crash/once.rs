//! A flow from beginning to end, and what must hold then.

use super::faults::{Faults, Plan};
use super::flows::Flow;
use super::invariants::{Facts, INVARIANTS};
use super::kinds::{Point, Strike};
use super::scene::{SEED, Scene};
use crate::parallel::paused;
use std::collections::BTreeSet;
use std::sync::Arc;
use tests::mins;

/// How a run is repeated.
const AGAIN: &str = "cargo run --profile proof -p proofs -- crash";

/// What a run was like.
pub(super) struct Seen {
    pub(super) flow: &'static str,
    pub(super) strike: Option<Strike>,
    pub(super) points: Vec<Point>,
    pub(super) struck: usize,
    pub(super) told_later: usize,
    pub(super) grants: BTreeSet<Grant>,
}

/// Function, action and table.
pub(super) type Grant = (String, String, String);

/// Runs it in a world of its own. Where it breaks: why, and how to see it again.
pub(super) fn once(flow: &Flow, plan: Plan) -> Result<Seen, String> {
    let faults = Faults::new(plan);
    paused(SEED, whole(flow, &faults)).map_err(|why| broken(flow, &faults, &why))
}

async fn whole(flow: &Flow, faults: &Arc<Faults>) -> Result<Seen, String> {
    let scene = Scene::new(flow.parameters, Arc::clone(faults)).await;
    (flow.run)(&scene).await?;
    scene.finish().await?;
    scene
        .world
        .portal
        .set_fault(|_| local::aws_stub::Fault::None);
    let seen = Seen {
        flow: flow.name,
        strike: faults.strike(),
        points: faults.present(),
        struck: faults.struck(),
        told_later: scene.told_later(),
        grants: used(&scene),
    };
    let facts = Facts::of(&scene, flow.ends)?;
    for (invariant, holds) in INVARIANTS {
        holds(&facts).map_err(|why| format!("\"{invariant}\" does not hold: {why}"))?;
    }
    scene.aftermath().await?;
    scene.pass(mins(60));
    scene
        .world
        .portal
        .sweep_ttl()
        .map_err(|error| error.to_string())?;
    scene.aftermath().await?;
    scene.only_the_last_password_signs_in().await?;
    Ok(seen)
}

fn used(scene: &Scene) -> BTreeSet<Grant> {
    let calls = scene.world.portal.take_calls().into_iter();
    let grants = calls.flat_map(|call| {
        let function = call.function;
        call.actions
            .into_iter()
            .map(move |(action, table)| (function.clone(), action, table))
    });
    grants.collect()
}

fn broken(flow: &Flow, faults: &Faults, why: &str) -> String {
    let (flow, present) = (flow.name, faults.present());
    let struck = faults
        .strike()
        .and_then(|strike| Some((strike, present.get(strike.point - 1)?)));
    let Some((
        Strike {
            point: at,
            kind,
            extent,
        },
        point,
    )) = struck
    else {
        return format!("{flow}, where nothing went wrong: {why}\nagain: {AGAIN} --flow {flow}");
    };
    let (fault, extent) = (name(kind), name(extent));
    let again = format!("{AGAIN} --flow {flow} --point {at} --fault {fault} --extent {extent}");
    format!("{flow}, {fault} ({extent}) at {point}: {why}\nagain: {again}")
}

/// `LoseAnswer` is `lose-answer`.
pub(super) fn name(of: impl std::fmt::Debug) -> String {
    let written = format!("{of:?}");
    let dashed = written
        .chars()
        .enumerate()
        .map(|(at, letter)| match letter {
            'A'..='Z' if at > 0 => format!("-{}", letter.to_ascii_lowercase()),
            _ => letter.to_ascii_lowercase().to_string(),
        });
    dashed.collect()
}
