//! The comparison of one step in two worlds, and the reasons for which it may differ.

use super::EVE;
use super::client::{Step, StepResult};
use crate::rows::{number, text};
use crate::{ensure, ensure_eq};
use kit::World;

/// Guesses between two sign-ins of the owner (template.yaml, `PasswordFailures`).
const GUESSES: u64 = 100;

/// The reason for which a step differs in two worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// The limit of the address is reached in one of them.
    Limit,
    /// The budget of emails to the address is used up in one of them.
    Budget,
}

/// Compares a step in two worlds. Returns how it may differ, if it does.
pub(super) fn compare(
    worlds: &[World; 2],
    [one, other]: [&StepResult; 2],
) -> Result<Option<Difference>, String> {
    ensure_eq!(one.was_known, other.was_known, "{:?}: known", one.step);
    let scope = match one.step {
        Step::RightPassword => Some(("password-failures", "password")),
        Step::RightCode => Some(("code-failures", "codes")),
        _ => None,
    };
    if let Some((scope, name)) = scope
        && one.observation != other.observation
    {
        ensure!(!one.was_known, "a known browser: {one:?}, {other:?}");
        let reached = |world: &World| is_reached(world, scope, name);
        ensure!(
            worlds.iter().any(reached),
            "no limit is reached: {one:?}, {other:?}"
        );
        return Ok(Some(Difference::Limit));
    }
    ensure_eq!(one.observation, other.observation, "{:?}", one.step);
    if one.received == other.received {
        return Ok(None);
    }
    ensure!(!one.was_known, "an email to a known browser: {one:?}");
    let without = &worlds[usize::from(one.received)];
    let is_throttled = |row| text(row, "status") == "throttled";
    ensure!(
        without.rows("emails").iter().any(is_throttled),
        "an email is missing: {one:?}"
    );
    Ok(Some(Difference::Budget))
}

/// Returns whether the limit on guesses since Eve's last sign-in is reached.
fn is_reached(world: &World, scope: &str, name: &str) -> bool {
    let hash = world.key_ring().keyed_hash(&[name, EVE]);
    let sign_ins = number(&world.user_row(EVE), "sign_ins").unwrap_or_default();
    let key = format!("{scope}#{hash}#{sign_ins}");
    let rows = world.rows("rate-limits");
    let row = rows.iter().find(|row| text(row, "pk") == key);
    row.and_then(|row| number(row, "count")) >= Some(GUESSES)
}
