//! The random choices, clocks, keys and faults that both portals of a seed share.

use super::faults::{FaultProfile, Faults, INSTANCES};
use crate::key_ring::KeyRing;
use crate::outcome::Outcome;
use crate::rng::Rng;
use kit::{ApiResponse, TestClock};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The time until an instance tries again to refresh its copy of the key ring, in milliseconds.
const KEY_RETRY: u64 = 15_000;

/// The detail and the outcome of a step, or what is wrong.
pub(super) type StepResult = Result<StepReport, String>;

pub(super) struct StepReport {
    /// Written to the trace.
    pub(super) detail: String,
    /// Counted for each kind of step.
    pub(super) outcome: String,
}

/// Reports a step that was made.
pub(super) fn done(detail: impl Into<String>, outcome: impl Into<String>) -> StepResult {
    Ok(StepReport {
        detail: detail.into(),
        outcome: outcome.into(),
    })
}

/// Reports a step whose outcome is that of a response.
pub(super) fn responded(detail: impl Into<String>, response: &ApiResponse) -> StepResult {
    done(detail, format!("{:?}", Outcome::of(response)))
}

/// Reports a step that found nothing to act on.
pub(super) fn skipped(reason: &str) -> StepResult {
    done(reason, "skipped")
}

pub(super) struct Environment {
    pub(super) rng: Rng,
    pub(super) keys: KeyRing,
    pub(super) faults: Arc<Mutex<Faults>>,
    /// The clocks of both portals.
    clocks: [TestClock; 2],
    /// Until then, an instance may use a copy of the key ring that it could not refresh.
    keys_stale_until: u64,
}

impl Environment {
    pub(super) fn new(mut rng: Rng, keys: KeyRing, clocks: [TestClock; 2]) -> Self {
        let faults = Arc::new(Mutex::new(Faults::new(Rng::new(rng.next_u64()))));
        Self {
            rng,
            keys,
            faults,
            clocks,
            keys_stale_until: 0,
        }
    }

    /// Chooses a number below `count`, except in one case of `n` among the likely ones.
    pub(super) fn some_likely(&mut self, n: usize, likely: &[usize], count: usize) -> usize {
        if likely.is_empty() || self.rng.one_in(n) {
            return self.rng.below(count);
        }
        *self.rng.pick(likely)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the current time in milliseconds.
    pub(super) fn now(&self) -> u64 {
        self.clocks[0].now().millis()
    }

    /// Moves the clocks of both portals forward.
    pub(super) fn advance(&self, millis: u64) {
        for clock in &self.clocks {
            clock.advance(Duration::from_millis(millis));
        }
    }

    /// Lets all instances reach Secrets Manager again.
    pub(super) fn restore_keys(&mut self) {
        self.faults().keys_down = [false; INSTANCES];
        self.keys_stale_until = self.now() + KEY_RETRY;
    }

    /// Ends all injected faults.
    pub(super) fn calm(&mut self) {
        self.faults().profile = FaultProfile::None;
        self.restore_keys();
    }

    /// Returns whether an instance cannot reach Secrets Manager.
    pub(super) fn are_keys_down(&self) -> bool {
        self.faults().keys_down.contains(&true)
    }

    /// Returns whether a response may be 503 now.
    pub(super) fn may_fail(&self) -> bool {
        self.faults().profile != FaultProfile::None
            || self.are_keys_down()
            || self.now() < self.keys_stale_until
    }

    fn do_calls_hang(&self) -> bool {
        matches!(self.faults().profile, FaultProfile::Hanging(_))
    }

    /// Compares a response with the expected outcome; returns `false` if it is a 503 that faults
    /// explain.
    ///
    /// # Errors
    /// Fails with the difference.
    pub(super) fn check(
        &self,
        request: &str,
        response: &ApiResponse,
        expected: Outcome,
    ) -> Result<bool, String> {
        match Outcome::of(response) {
            outcome if outcome == expected => Ok(true),
            Outcome::Unavailable if self.may_fail() => Ok(false),
            // So many calls hang that the function times out.
            _ if response.status == 500 && self.do_calls_hang() => Ok(false),
            _ => Err(format!(
                "{request}: expected {expected:?}, got {} {}",
                response.outcome(),
                response.body
            )),
        }
    }
}
