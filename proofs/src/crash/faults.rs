//! The one who makes things go wrong.

use super::kinds::{Point, Strike};
use local::seam::{Attempt, Fault};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a flow itself wants to go wrong.
pub(super) type Script = Box<dyn Fn(&Attempt) -> Fault + Send + Sync>;

/// What an invocation has met.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Met {
    /// Attempts that went wrong because the proof wanted it.
    pub(super) struck: usize,
    /// Attempts that went wrong because the flow wanted it.
    pub(super) scripted: usize,
    /// Whether it died.
    pub(super) died: bool,
}

#[derive(Default)]
struct State {
    present: Vec<Point>,
    active: Option<Point>,
    script: Option<Script>,
    met: Met,
    struck: usize,
}

/// Strikes at one point of one run, and writes down all points it sees.
pub(super) struct Faults {
    strike: Option<Strike>,
    state: Mutex<State>,
}

impl Faults {
    /// Strikes there; or nowhere.
    pub(super) fn new(strike: Option<Strike>) -> Arc<Self> {
        Arc::new(Self { strike, state: Mutex::default() })
    }

    /// What becomes of an attempt.
    pub(super) fn decide(&self, attempt: &Attempt) -> Fault {
        let (mut state, point) = (self.state(), Point::of(attempt));
        state.present.push(point.clone());
        let Some(strike) = self.strike else { return state.scripted(attempt) };
        if state.present.len() == strike.point {
            state.active = Some(point.clone());
        } else if !state.active.as_ref().is_some_and(|active| strike.goes_on(active, &point, state.struck)) {
            return state.scripted(attempt);
        }
        state.struck += 1;
        state.met.struck += 1;
        state.met.died |= strike.kind.is_death();
        strike.kind.fault(attempt)
    }

    /// From now on the flow itself wants this to go wrong as well.
    pub(super) fn script(&self, script: Script) {
        self.state().script = Some(script);
    }

    /// An invocation is over, and with it what went wrong in it.
    pub(super) fn invocation_over(&self) -> Met {
        let mut state = self.state();
        state.active = None;
        std::mem::take(&mut state.met)
    }

    /// All points so far.
    pub(super) fn present(&self) -> Vec<Point> {
        self.state().present.clone()
    }

    /// How many attempts went wrong because the proof wanted it.
    pub(super) fn struck(&self) -> usize {
        self.state().struck
    }

    /// What it does.
    pub(super) const fn strike(&self) -> Option<Strike> {
        self.strike
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn scripted(&mut self, attempt: &Attempt) -> Fault {
        let fault = self.script.as_ref().map_or(Fault::None, |script| script(attempt));
        self.met.scripted += usize::from(!matches!(fault, Fault::None));
        self.met.died |= matches!(fault, Fault::DieBefore | Fault::DieAfter);
        fault
    }
}
