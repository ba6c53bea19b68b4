//! The record of all calls to AWS.

use super::faults::{Attempt, ChooseFault, Fault, FaultPlan};
use super::request::AwsRequest;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One attempt of a function to call AWS, and its result.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The function's name, such as `request-login`.
    pub function: String,
    /// `dynamodb`, `secretsmanager` or `ses`.
    pub service: String,
    /// The operation's name, such as `TransactWriteItems`.
    pub operation: String,
    /// The table of each item without the stack's name, sorted.
    pub tables: Vec<String>,
    /// The action that IAM must allow for each item, with its table or an empty string, sorted.
    pub actions: Vec<(String, String)>,
    pub body: Arc<Value>,
    /// The capacity units that the response reports as consumed.
    pub capacity: f64,
    /// The same, by table, or `<table>/index/<index>`.
    pub units: BTreeMap<String, f64>,
    /// The sequential step of the function. Calls that overlap have the same one.
    pub generation: usize,
    /// The HTTP status of the response, or 0 if there was none.
    pub status: u16,
}

/// Records the calls of all functions of a portal, and decides about their faults.
#[derive(Default)]
pub(crate) struct CallRecorder {
    calls: Mutex<Vec<(u64, Call)>>,
    next_id: AtomicU64,
    faults: FaultPlan,
    delayed: Mutex<Vec<AwsRequest>>,
}

impl CallRecorder {
    /// Returns the calls recorded so far, leaving none.
    pub(crate) fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls())
            .into_iter()
            .map(|(_, call)| call)
            .collect()
    }

    /// Returns the calls that have been answered since the last time.
    pub(crate) fn take_answered(&self) -> Vec<Call> {
        let mut calls = self.calls();
        let answered = calls.extract_if(.., |(_, call)| call.status != 0);
        answered.map(|(_, call)| call).collect()
    }

    /// Returns the requests that timed out and have not been executed yet, leaving none.
    pub(super) fn take_delayed(&self) -> Vec<AwsRequest> {
        std::mem::take(&mut *self.delayed())
    }

    pub(crate) fn set_faults(&self, choose: ChooseFault) {
        self.faults.set(choose);
    }

    fn calls(&self) -> MutexGuard<'_, Vec<(u64, Call)>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn delayed(&self) -> MutexGuard<'_, Vec<AwsRequest>> {
        self.delayed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records the calls of one instance of a function.
pub(super) struct InstanceRecorder {
    function: String,
    instance: usize,
    recorder: Arc<CallRecorder>,
    steps: Mutex<StepCounter>,
}

#[derive(Default)]
struct StepCounter {
    calls_in_flight: usize,
    generation: usize,
}

impl InstanceRecorder {
    pub(super) fn new(function: &str, instance: usize, recorder: Arc<CallRecorder>) -> Self {
        Self {
            function: function.to_owned(),
            instance,
            recorder,
            steps: Mutex::default(),
        }
    }

    /// Records the start of a call.
    pub(super) fn start(&self, request: &AwsRequest) -> CallInFlight<'_> {
        let generation = {
            let mut steps = self.steps();
            steps.generation += usize::from(steps.calls_in_flight == 0);
            steps.calls_in_flight += 1;
            steps.generation
        };
        let attempt = Attempt {
            function: self.function.clone(),
            instance: self.instance,
            service: request.service.clone(),
            operation: request.operation.clone(),
            tables: request.tables.clone(),
            body: Arc::clone(&request.body),
            number: 0,
        };
        let call = Call {
            function: attempt.function.clone(),
            service: attempt.service.clone(),
            operation: attempt.operation.clone(),
            tables: attempt.tables.clone(),
            actions: request.actions.clone(),
            body: Arc::clone(&request.body),
            capacity: 0.0,
            units: BTreeMap::new(),
            generation,
            status: 0,
        };
        let id = self.recorder.next_id.fetch_add(1, Ordering::Relaxed);
        self.recorder.calls().push((id, call));
        CallInFlight {
            instance: self,
            id,
            attempt,
        }
    }

    fn steps(&self) -> MutexGuard<'_, StepCounter> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that has started. Dropping it ends it, even when a timeout cuts it off.
pub(super) struct CallInFlight<'a> {
    instance: &'a InstanceRecorder,
    id: u64,
    attempt: Attempt,
}

impl CallInFlight<'_> {
    pub(super) fn choose_fault(&self) -> Fault {
        self.instance.recorder.faults.choose(self.attempt.clone())
    }

    /// Keeps the request until it is released: its caller no longer waits for it.
    pub(super) fn delay(&self, request: AwsRequest) {
        self.instance.recorder.delayed().push(request);
    }

    /// Records the result of the call.
    pub(super) fn finish(&self, status: u16, units: BTreeMap<String, f64>) {
        let mut calls = self.instance.recorder.calls();
        if let Some((_, call)) = calls.iter_mut().rev().find(|(id, _)| *id == self.id) {
            call.status = status;
            call.capacity = units.values().sum();
            call.units = units;
        }
    }
}

impl Drop for CallInFlight<'_> {
    fn drop(&mut self) {
        self.instance.steps().calls_in_flight -= 1;
    }
}
