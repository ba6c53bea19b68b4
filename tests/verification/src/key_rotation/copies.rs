//! The copies of the key ring that instances of functions hold.

use crate::rng::Rng;
use crate::tally::Tally;
use kit::TestClock;
use local::aws_stub::{Attempt, Fault};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The age from which a copy may lack a key that signs, in milliseconds.
const STALE_FROM: u64 = 600_000;
/// The functions that hold a copy.
const FUNCTIONS: [&str; 5] = ["request-login", "verify", "pages", "me", "mailer"];

/// The copies of all instances.
#[derive(Clone)]
pub(super) struct Copies(Arc<Mutex<State>>);

struct State {
    rng: Rng,
    copies: BTreeMap<(String, usize), KeyCopy>,
    refreshes: Tally,
}

/// The copy of one instance; times are in milliseconds.
struct KeyCopy {
    fetched_at: u64,
    /// Until then, the instance cannot reach Secrets Manager.
    cut_off_until: u64,
}

impl Copies {
    pub(super) fn new(rng: Rng, instances: usize, now: u64) -> Self {
        let copies = FUNCTIONS.iter().flat_map(|name| {
            (0..instances).map(|instance| {
                let copy = KeyCopy {
                    fetched_at: now,
                    cut_off_until: 0,
                };
                (((*name).to_owned(), instance), copy)
            })
        });
        Self(Arc::new(Mutex::new(State {
            rng,
            copies: copies.collect(),
            refreshes: Tally::default(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Chooses the fault of a call: instances are cut off from Secrets Manager, and SES sends one
    /// email in five without a response.
    pub(super) fn inject(&self, attempt: &Attempt, clock: &TestClock) -> Fault {
        let now = clock.now().millis();
        let state = &mut *self.state();
        let instance = (attempt.function.clone(), attempt.instance);
        match (attempt.service.as_str(), state.copies.get_mut(&instance)) {
            ("ses", _) if state.rng.one_in(5) => Fault::LoseAnswer,
            ("secretsmanager", Some(copy)) if now < copy.cut_off_until => {
                state.refreshes.count("refresh failed");
                Fault::FailBefore
            }
            ("secretsmanager", Some(copy)) => {
                copy.fetched_at = now;
                state.refreshes.count("refresh: Ok");
                Fault::None
            }
            _ => Fault::None,
        }
    }

    /// Cuts some instances off from Secrets Manager for a while.
    pub(super) fn cut_off_some(&self, now: u64, rng: &mut Rng) {
        for copy in self.state().copies.values_mut() {
            if rng.one_in(3) {
                // Half of them until the copy may be too old.
                let minutes = if rng.one_in(2) {
                    1 + rng.below(8)
                } else {
                    8 + rng.below(25)
                };
                copy.cut_off_until = now + 60_000 * minutes as u64;
            }
        }
    }

    /// Lets all instances reach Secrets Manager again.
    pub(super) fn reconnect(&self) {
        for copy in self.state().copies.values_mut() {
            copy.cut_off_until = 0;
        }
    }

    /// Returns whether an instance of a function may respond 503 to what a key signed that was
    /// added at this time: its copy is older, and 10 minutes old.
    ///
    /// The copy may have been refreshed since the response.
    pub(super) fn may_lack(&self, function: &str, added_at: u64, now: u64) -> bool {
        self.state().copies.iter().any(|((name, _), copy)| {
            name == function && copy.fetched_at <= added_at && now - copy.fetched_at >= STALE_FROM
        })
    }

    /// Returns since when every copy has been fetched.
    pub(super) fn oldest(&self) -> u64 {
        let state = self.state();
        let fetched_at = state.copies.values().map(|copy| copy.fetched_at);
        fetched_at.min().unwrap_or_default()
    }

    /// Adds the refreshes so far to a tally.
    pub(super) fn count_refreshes(&self, outcomes: &mut Tally) {
        outcomes.add(std::mem::take(&mut self.state().refreshes));
    }
}
