//! Decides for every call to AWS whether it fails.

use super::call_site::CallSite;
use super::fault::{FaultKind, cancelled};
use super::injection::Injection;
use local::aws_stub::{Attempt, Fault};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Faults that belong to the flow itself.
pub(super) type Script = Box<dyn Fn(&Attempt) -> Fault + Send + Sync>;

/// The faults of one run.
#[derive(Clone, Copy)]
pub(super) enum Plan {
    /// No fault is injected.
    Baseline,
    Inject(Injection),
    /// One fault early in the flow; this number selects the call and the fault.
    Sample(usize),
}

/// A prime, so that samples with neighbouring numbers get different faults.
const SAMPLE_STRIDE: usize = 97;
/// Samples fail at one of the first calls of a flow.
const SAMPLED_CALLS: usize = 7;

/// The attempts that failed in one invocation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Invocation {
    pub(super) injected: usize,
    pub(super) scripted: usize,
    pub(super) crashed: bool,
}

impl Invocation {
    pub(super) const fn failed(self) -> usize {
        self.injected + self.scripted
    }
}

#[derive(Default)]
struct State {
    sites: Vec<CallSite>,
    injection: Option<Injection>,
    active: Option<CallSite>,
    script: Option<Script>,
    invocation: Invocation,
    injected: usize,
}

/// Injects the planned fault into one run, and records all call sites.
pub(super) struct Injector {
    plan: Plan,
    state: Mutex<State>,
}

impl Injector {
    pub(super) fn new(plan: Plan) -> Arc<Self> {
        let state = Mutex::default();
        Arc::new(Self { plan, state })
    }

    /// Returns the fault of an attempt.
    pub(super) fn decide(&self, attempt: &Attempt) -> Fault {
        let (mut state, site) = (self.state(), CallSite::from(attempt));
        state.sites.push(site.clone());
        if let Some(injection) = self.plan.injection_at(state.sites.len(), &site) {
            (state.injection, state.active) = (Some(injection), Some(site));
            return state.inject(injection.fault, attempt);
        }
        match (state.injection, &state.active) {
            (Some(injection), Some(active)) if injection.lasts(active, &site, state.injected) => {
                state.inject(injection.fault, attempt)
            }
            _ => state.scripted(attempt),
        }
    }

    /// Adds faults of the flow itself, for attempts into which none is injected.
    pub(super) fn script(&self, script: Script) {
        self.state().script = Some(script);
    }

    /// Ends an invocation, and with it the injected fault.
    pub(super) fn end_invocation(&self) -> Invocation {
        let mut state = self.state();
        state.active = None;
        std::mem::take(&mut state.invocation)
    }

    /// Returns the call sites so far, one for each attempt.
    pub(super) fn sites(&self) -> Vec<CallSite> {
        self.state().sites.clone()
    }

    /// Returns the number of attempts into which a fault was injected.
    pub(super) fn injected(&self) -> usize {
        self.state().injected
    }

    /// Returns the number of attempts that seemed to fail and may have been done.
    pub(super) fn maybe_done(&self) -> usize {
        let may_be_done = |injection: Injection| injection.fault.may_be_done();
        let state = self.state();
        if state.injection.is_some_and(may_be_done) {
            state.injected
        } else {
            0
        }
    }

    /// Returns the injected fault, once it has happened.
    pub(super) fn injection(&self) -> Option<Injection> {
        self.state().injection
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    fn injection_at(self, call: usize, site: &CallSite) -> Option<Injection> {
        match self {
            Self::Baseline => None,
            Self::Inject(injection) => (injection.call == call).then_some(injection),
            Self::Sample(sample) if call != 1 + sample % SAMPLED_CALLS => None,
            Self::Sample(sample) => {
                let all = Injection::all_at(site, call);
                all.get(sample * SAMPLE_STRIDE % all.len().max(1)).copied()
            }
        }
    }
}

impl State {
    fn inject(&mut self, fault: FaultKind, attempt: &Attempt) -> Fault {
        self.injected += 1;
        self.invocation.injected += 1;
        self.invocation.crashed |= fault.is_crash();
        fault.at(attempt)
    }

    fn scripted(&mut self, attempt: &Attempt) -> Fault {
        let fault = self
            .script
            .as_ref()
            .map_or(Fault::None, |script| script(attempt));
        self.invocation.scripted += usize::from(!matches!(fault, Fault::None));
        self.invocation.crashed |= matches!(fault, Fault::DieBefore | Fault::DieAfter);
        fault
    }
}

/// Returns a script in which this fault befalls the first calls that match.
pub(super) fn first(
    times: usize,
    matches: impl Fn(&Attempt) -> bool + Send + Sync + 'static,
    fault: impl Fn(&Attempt) -> Fault + Send + Sync + 'static,
) -> Script {
    let met = AtomicUsize::new(0);
    Box::new(move |attempt| {
        if matches(attempt) && met.fetch_add(1, Ordering::SeqCst) < times {
            fault(attempt)
        } else {
            Fault::None
        }
    })
}

/// Returns a script in which other transactions hold on to the same rows, for as long as the store
/// retries.
pub(super) fn contention() -> Script {
    let is_transaction = |attempt: &Attempt| attempt.operation == "TransactWriteItems";
    let conflict = |attempt: &Attempt| cancelled(attempt, "None", "TransactionConflict");
    first(6, is_transaction, conflict)
}
