//! Faults: what tests make go wrong between a function and AWS.

use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// An attempt to call AWS that is about to be made.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The function's name, such as `request-login`.
    pub function: String,
    /// The index of the function's instance, from 0.
    pub instance: usize,
    /// `dynamodb`, `secretsmanager` or `ses`.
    pub service: String,
    /// The operation's name, such as `TransactWriteItems`.
    pub operation: String,
    /// The table of each item without the stack's name, sorted.
    pub tables: Vec<String>,
    pub body: Arc<Value>,
    /// The number of this attempt among those of the same function and operation since the faults
    /// were set, from 1.
    pub number: usize,
}

/// A fault that befalls an attempt.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The attempt goes through.
    None,
    /// The connection breaks before anything was sent.
    FailBefore,
    /// The connection times out before anything was sent.
    TimeOut,
    /// The request is executed, and then the connection breaks.
    LoseAnswer,
    /// The request is sent after this delay.
    Delay(Duration),
    /// The request is not sent; this status and body come back.
    Reply(u16, String),
    /// The request is executed, but this status and body come back.
    DoneBut(u16, String),
    /// The connection times out, and the request is executed when `Portal::release_delayed` is
    /// called.
    Late,
    /// DynamoDB leaves the whole batch unprocessed, as it does under load.
    Undone,
    /// The function dies before the request is sent.
    DieBefore,
    /// The request is executed, and the function dies before it receives the response.
    DieAfter,
}

/// Chooses the fault of an attempt.
pub(crate) type ChooseFault = Arc<dyn Fn(&Attempt) -> Fault + Send + Sync>;

/// The current choice of faults, with the number of attempts of each function and operation since
/// it was made.
#[derive(Default)]
pub(super) struct FaultPlan(Mutex<State>);

#[derive(Default)]
struct State {
    choose: Option<ChooseFault>,
    attempts: BTreeMap<(String, String), usize>,
}

impl FaultPlan {
    pub(super) fn set(&self, choose: ChooseFault) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State {
            choose: Some(choose),
            attempts: BTreeMap::new(),
        };
    }

    /// Numbers the attempt and returns its fault.
    pub(super) fn choose(&self, mut attempt: Attempt) -> Fault {
        let choose = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let number = state
                .attempts
                .entry((attempt.function.clone(), attempt.operation.clone()))
                .or_default();
            *number += 1;
            attempt.number = *number;
            state.choose.clone()
        };
        choose.map_or(Fault::None, |choose| choose(&attempt))
    }
}
