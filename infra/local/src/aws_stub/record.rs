//! What was sent, and what is to go wrong.

use crate::aws_stub::attempt::Facts;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One attempt of a function at a service, as it went.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The function's name: `request-login`.
    pub function: String,
    /// `dynamodb`, `secretsmanager` or `ses`.
    pub service: String,
    /// `TransactWriteItems`.
    pub operation: String,
    /// The tables without the stack's name, sorted, one for each item.
    pub tables: Vec<String>,
    /// What IAM must allow for it: action and table (or nothing), one for each item, sorted.
    pub actions: Vec<(String, String)>,
    /// The consumed capacity, in units, as the answer has it.
    pub capacity: f64,
    /// The sequential step of its function: a call that starts while another is under way shares
    /// that one's.
    pub generation: usize,
    /// The answer's status; 0 when there was none.
    pub status: u16,
}

/// An attempt that is about to be made.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The function's name.
    pub function: String,
    /// Which of its instances: 0 is the first.
    pub instance: usize,
    /// `dynamodb`, `secretsmanager` or `ses`.
    pub service: String,
    /// `TransactWriteItems`.
    pub operation: String,
    /// The tables without the stack's name, sorted, one for each item.
    pub tables: Vec<String>,
    /// What is sent.
    pub body: Arc<Value>,
    /// The how-manieth of this function and operation since the faults were set: 1 is the first.
    pub number: usize,
}

/// What is to become of an attempt.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing: it goes through.
    None,
    /// The connection breaks before anything was sent.
    FailBefore,
    /// Nothing is sent in time.
    TimeOut,
    /// It is done, and then the connection breaks.
    LoseAnswer,
    /// It is sent this much later.
    Delay(Duration),
    /// It is not sent; this status and body come back.
    Reply(u16, String),
    /// It is done, and this status and body come back.
    DoneBut(u16, String),
    /// Nothing comes back in time, and it arrives after all: when `Portal::release_delayed` says.
    Late,
    /// DynamoDB leaves a whole batch undone, as it does when it is busy.
    Undone,
    /// The function dies before it is sent.
    DieBefore,
    /// It is done, and the function dies before it hears of it.
    DieAfter,
}

/// Decides about every attempt.
pub(crate) type Faults = Arc<dyn Fn(&Attempt) -> Fault + Send + Sync>;

/// What is to go wrong, and how many attempts each function has made at each operation since that
/// was said.
#[derive(Default)]
struct Plan {
    faults: Option<Faults>,
    attempts: BTreeMap<(String, String), usize>,
}

/// All calls of a portal's functions, and the faults they meet.
#[derive(Default)]
pub(crate) struct Records {
    calls: Mutex<Vec<(u64, Call)>>,
    next: AtomicU64,
    plan: Mutex<Plan>,
    under_way: Mutex<Vec<Facts>>,
}

impl Records {
    /// Requests that were given up and have not arrived yet.
    pub(crate) fn take_under_way(&self) -> Vec<Facts> {
        std::mem::take(
            &mut *self
                .under_way
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    pub(crate) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.lock())
            .into_iter()
            .map(|(_, call)| call)
            .collect()
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        let plan = Plan {
            faults: Some(faults),
            attempts: BTreeMap::new(),
        };
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = plan;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u64, Call)>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self, mut attempt: Attempt) -> Fault {
        let faults = {
            let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
            let number = plan
                .attempts
                .entry((attempt.function.clone(), attempt.operation.clone()))
                .or_default();
            *number += 1;
            attempt.number = *number;
            plan.faults.clone()
        };
        faults.map_or(Fault::None, |faults| faults(&attempt))
    }
}

/// The calls of one function, one after the other or side by side.
pub(super) struct Lane {
    function: String,
    instance: usize,
    records: Arc<Records>,
    steps: Mutex<Steps>,
}

#[derive(Default)]
struct Steps {
    under_way: usize,
    generation: usize,
}

impl Lane {
    pub(super) fn new(function: &str, instance: usize, records: Arc<Records>) -> Self {
        Self {
            function: function.to_owned(),
            instance,
            records,
            steps: Mutex::default(),
        }
    }

    /// Writes a call down as it starts.
    pub(super) fn start(&self, facts: &Facts) -> Started<'_> {
        let generation = {
            let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
            steps.generation += usize::from(steps.under_way == 0);
            steps.under_way += 1;
            steps.generation
        };
        let attempt = Attempt {
            function: self.function.clone(),
            instance: self.instance,
            service: facts.service.clone(),
            operation: facts.operation.clone(),
            tables: facts.tables.clone(),
            body: Arc::clone(&facts.body),
            number: 0,
        };
        let id = self.records.next.fetch_add(1, Ordering::Relaxed);
        let call = Call {
            function: attempt.function.clone(),
            service: attempt.service.clone(),
            operation: attempt.operation.clone(),
            tables: attempt.tables.clone(),
            actions: facts.actions.clone(),
            capacity: 0.0,
            generation,
            status: 0,
        };
        self.records.lock().push((id, call));
        Started {
            lane: self,
            id,
            attempt,
        }
    }
}

/// A call under way. However it ends, even cut off by a timeout, it is no longer under way then.
pub(super) struct Started<'a> {
    lane: &'a Lane,
    id: u64,
    attempt: Attempt,
}

impl Started<'_> {
    /// What is to become of it.
    pub(super) fn fault(&self) -> Fault {
        self.lane.records.fault(self.attempt.clone())
    }

    /// Leaves the request under way: nobody waits for it any more.
    pub(super) fn leave_under_way(&self, facts: Facts) {
        self.lane
            .records
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(facts);
    }

    /// Writes down how it ended.
    pub(super) fn finish(&self, status: u16, capacity: f64) {
        let mut calls = self.lane.records.lock();
        if let Some((_, call)) = calls.iter_mut().rev().find(|(id, _)| *id == self.id) {
            (call.status, call.capacity) = (status, capacity);
        }
    }
}

impl Drop for Started<'_> {
    fn drop(&mut self) {
        self.lane
            .steps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .under_way -= 1;
    }
}
