//! The one who makes things go wrong.

use super::kinds::{Point, Strike};
use local::aws_stub::{Attempt, Fault};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a flow itself wants to go wrong.
pub(super) type Script = Box<dyn Fn(&Attempt) -> Fault + Send + Sync>;

/// Where a run goes wrong.
#[derive(Clone, Copy)]
pub(super) enum Plan {
    /// Nowhere.
    Calm,
    /// There.
    Strike(Strike),
    /// Somewhere at its beginning: which point and which fault follow from this number, once the
    /// flow comes there.
    Sample(usize),
}

/// Samples with neighbouring numbers meet other faults: a prime.
const SPREAD: usize = 97;
/// Among how many points a sample's is.
const FIRST_POINTS: usize = 7;

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
    strike: Option<Strike>,
    active: Option<Point>,
    script: Option<Script>,
    met: Met,
    struck: usize,
}

/// Strikes at one point of one run, and writes down all points it sees.
pub(super) struct Faults {
    plan: Plan,
    state: Mutex<State>,
}

impl Faults {
    /// Strikes as planned.
    pub(super) fn new(plan: Plan) -> Arc<Self> {
        Arc::new(Self {
            plan,
            state: Mutex::default(),
        })
    }

    /// What becomes of an attempt.
    pub(super) fn decide(&self, attempt: &Attempt) -> Fault {
        let (mut state, point) = (self.state(), Point::of(attempt));
        state.present.push(point.clone());
        if let Some(strike) = self.plan.strike_at(state.present.len(), &point) {
            (state.strike, state.active) = (Some(strike), Some(point));
            return state.go_wrong(strike, attempt);
        }
        match (state.strike, &state.active) {
            (Some(strike), Some(active)) if strike.goes_on(active, &point, state.struck) => {
                state.go_wrong(strike, attempt)
            }
            _ => state.scripted(attempt),
        }
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

    /// How many attempts may have been done although they seemed to fail.
    pub(super) fn counted_again(&self) -> usize {
        let state = self.state();
        state
            .strike
            .filter(|strike| strike.kind.may_be_done())
            .map_or(0, |_| state.struck)
    }

    /// What it has done.
    pub(super) fn strike(&self) -> Option<Strike> {
        self.state().strike
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    fn strike_at(self, number: usize, point: &Point) -> Option<Strike> {
        match self {
            Self::Calm => None,
            Self::Strike(strike) => (strike.point == number).then_some(strike),
            Self::Sample(sample) if number != 1 + sample % FIRST_POINTS => None,
            Self::Sample(sample) => {
                let faults = point.faults();
                let (kind, extent) = *faults.get(sample * SPREAD % faults.len().max(1))?;
                Some(Strike {
                    point: number,
                    kind,
                    extent,
                })
            }
        }
    }
}

impl State {
    fn go_wrong(&mut self, strike: Strike, attempt: &Attempt) -> Fault {
        self.struck += 1;
        self.met.struck += 1;
        self.met.died |= strike.kind.is_death();
        strike.kind.fault(attempt)
    }

    fn scripted(&mut self, attempt: &Attempt) -> Fault {
        let fault = self
            .script
            .as_ref()
            .map_or(Fault::None, |script| script(attempt));
        self.met.scripted += usize::from(!matches!(fault, Fault::None));
        self.met.died |= matches!(fault, Fault::DieBefore | Fault::DieAfter);
        fault
    }
}
