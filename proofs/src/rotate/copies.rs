//! Which instance has which copy of the key ring: Secrets Manager's side of the story.

use crate::dice::Dice;
use local::aws_stub::{Attempt, Fault};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tests::Time;

/// From when on a copy may lack a key that signs.
const OLD: u64 = 600_000;
/// The functions that hold a copy.
const FUNCTIONS: [&str; 5] = ["request-login", "verify", "pages", "me", "mailer"];

/// One instance of a function.
#[derive(Clone, Copy, Debug, Default)]
struct Instance {
    fetched_at: u64,
    /// Until then, Secrets Manager cannot be reached from it.
    down_until: u64,
}

/// The copies of all instances, and what has become of their refreshes.
pub(super) struct Copies(Mutex<State>);

struct State {
    dice: Dice,
    instances: BTreeMap<(&'static str, usize), Instance>,
    refreshed: u64,
    failed: u64,
}

impl Copies {
    pub(super) fn new(dice: Dice, instances: usize, now: u64) -> Self {
        let one = Instance {
            fetched_at: now,
            down_until: 0,
        };
        let all = FUNCTIONS
            .iter()
            .flat_map(|name| (0..instances).map(move |n| ((*name, n), one)));
        Self(Mutex::new(State {
            dice,
            instances: all.collect(),
            refreshed: 0,
            failed: 0,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What becomes of a call: Secrets Manager is down for some; one mail in five goes out, and
    /// nobody hears of it.
    pub(super) fn meets(&self, attempt: &Attempt, time: &Time) -> Fault {
        let (now, state) = (time.now().millis(), &mut *self.state());
        match attempt.service.as_str() {
            "ses" if state.dice.one_in(5) => Fault::LoseAnswer,
            "secretsmanager" => {
                let held = state
                    .instances
                    .iter_mut()
                    .find(|((name, n), _)| *name == attempt.function && *n == attempt.instance);
                let Some((_, instance)) = held else {
                    return Fault::None;
                };
                if now < instance.down_until {
                    state.failed += 1;
                    return Fault::FailBefore;
                }
                instance.fetched_at = now;
                state.refreshed += 1;
                Fault::None
            }
            _ => Fault::None,
        }
    }

    /// From now on, some instances cannot reach Secrets Manager for a while.
    pub(super) fn lose_some(&self, now: u64, dice: &mut Dice) {
        for instance in self.state().instances.values_mut() {
            if dice.one_in(3) {
                // Most refreshes fail for a moment, some until the copy is too old.
                let minutes = if dice.one_in(2) {
                    1 + dice.below(8)
                } else {
                    8 + dice.below(25)
                };
                instance.down_until = now + 60_000 * minutes as u64;
            }
        }
    }

    /// Everybody reaches Secrets Manager again.
    pub(super) fn heal(&self) {
        self.state()
            .instances
            .values_mut()
            .for_each(|instance| instance.down_until = 0);
    }

    /// Whether some instance of `function` may answer 503 to what was signed by a key added at
    /// `added_at`: its copy is from before that, and 10 minutes old. It may have been fetched in
    /// between: then it does not fail, and nobody minds.
    pub(super) fn may_lack(&self, function: &str, added_at: u64, now: u64) -> bool {
        let state = self.state();
        let mut copies = state
            .instances
            .iter()
            .filter(|((name, _), _)| *name == function);
        copies.any(|(_, copy)| copy.fetched_at <= added_at && now - copy.fetched_at >= OLD)
    }

    /// Since when every copy has been fetched.
    pub(super) fn oldest(&self) -> u64 {
        self.state()
            .instances
            .values()
            .map(|copy| copy.fetched_at)
            .min()
            .unwrap_or_default()
    }

    /// How many refreshes went well, and how many failed.
    pub(super) fn refreshes(&self) -> (u64, u64) {
        let state = self.state();
        (state.refreshed, state.failed)
    }
}
