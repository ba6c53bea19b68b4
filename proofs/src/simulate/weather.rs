//! What goes wrong, by the dice: each call of a function may meet the fault of the day.

use super::INSTANCES;
use crate::dice::Dice;
use local::aws_stub::{Attempt, Fault};
use serde_json::json;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How the store and the mail provider are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Regime {
    Clear,
    /// This many calls in a hundred fail, each in its own way.
    Showers(usize),
    /// This many calls in a hundred hang until they are given up.
    Hanging(usize),
    /// Nothing can be reached.
    Storm,
}

/// The weather over all portals.
pub(super) struct Weather(Mutex<State>);

struct State {
    dice: Dice,
    regime: Regime,
    /// From which instances Secrets Manager cannot be reached.
    keys_down: [bool; INSTANCES],
    faults: u64,
    /// A call that no function may ever make.
    trespass: Option<String>,
}

impl Weather {
    pub(super) const fn new(dice: Dice) -> Self {
        let (keys_down, trespass) = ([false; INSTANCES], None);
        Self(Mutex::new(State {
            dice,
            regime: Regime::Clear,
            keys_down,
            faults: 0,
            trespass,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set(&self, regime: Regime) {
        self.state().regime = regime;
    }

    pub(super) fn set_keys(&self, down: [bool; INSTANCES]) {
        self.state().keys_down = down;
    }

    pub(super) fn is_clear(&self) -> bool {
        self.state().regime == Regime::Clear
    }

    pub(super) fn keys_are_down(&self) -> bool {
        self.state().keys_down.contains(&true)
    }

    /// How many calls have met a fault.
    pub(super) fn faults(&self) -> u64 {
        self.state().faults
    }

    /// What was called that may not be.
    pub(super) fn trespass(&self) -> Option<String> {
        self.state().trespass.clone()
    }

    /// What becomes of a call.
    pub(super) fn meets(&self, attempt: &Attempt) -> Fault {
        let state = &mut *self.state();
        let fault = match attempt.service.as_str() {
            "secretsmanager" if state.keys_down.get(attempt.instance) == Some(&true) => {
                Fault::FailBefore
            }
            "dynamodb" => state.of_the_store(&attempt.operation),
            "ses" => state.of_the_provider(),
            _ => Fault::None,
        };
        state.faults += u64::from(!matches!(fault, Fault::None));
        if let Some(trespass) = trespass(attempt) {
            state.trespass = Some(trespass);
        }
        fault
    }
}

impl State {
    fn of_the_store(&mut self, operation: &str) -> Fault {
        match self.regime {
            Regime::Showers(percent) if self.dice.below(100) < percent => {}
            Regime::Hanging(percent) if self.dice.below(100) < percent => {
                return Fault::Delay(HANGS);
            }
            Regime::Storm => return Fault::FailBefore,
            _ => return Fault::None,
        }
        match (self.dice.below(8), operation) {
            (0, _) => Fault::FailBefore,
            (1 | 2, _) => Fault::LoseAnswer,
            (3, _) => Fault::TimeOut,
            (4, _) => Fault::Reply(400, error("ThrottlingException")),
            (5, _) => Fault::Reply(500, error("InternalServerError")),
            (_, "TransactWriteItems") if self.dice.one_in(4) => {
                Fault::Reply(400, error("TransactionInProgressException"))
            }
            (_, "TransactWriteItems") => Fault::Reply(400, conflict(self.dice.one_in(2))),
            (_, "UpdateItem") => Fault::Reply(400, error("TransactionConflictException")),
            _ => Fault::Reply(400, error("ProvisionedThroughputExceededException")),
        }
    }

    fn of_the_provider(&mut self) -> Fault {
        let unlucky = match self.regime {
            Regime::Clear => false,
            Regime::Showers(percent) | Regime::Hanging(percent) => self.dice.below(100) < percent,
            Regime::Storm => true,
        };
        if !unlucky {
            return Fault::None;
        }
        let refused =
            |kind: &str| json!({"__type": kind, "message": "said the provider"}).to_string();
        match self.dice.below(5) {
            0 => Fault::FailBefore,
            1 | 2 => Fault::LoseAnswer,
            3 => Fault::Reply(429, refused("TooManyRequestsException")),
            _ => Fault::Reply(400, refused("MessageRejected")),
        }
    }
}

/// Longer than one attempt may take, so that it never depends on jitter whether it is given up.
const HANGS: Duration = Duration::from_millis(1500);

/// An error as DynamoDB sends it.
fn error(kind: &str) -> String {
    json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": "said the store"}).to_string()
}

/// A cancelled transaction. Where one item was in another transaction's hands, what the others say
/// is no judgement.
fn conflict(half_judged: bool) -> String {
    let ongoing =
        json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"});
    let failed =
        json!({"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"});
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled",
        "CancellationReasons": if half_judged { vec![failed, ongoing] } else { vec![ongoing] }
    })
    .to_string()
}

/// Opening a page asks no table, and asking for a link does not look the account up (promises 4 and
/// 1).
fn trespass(attempt: &Attempt) -> Option<String> {
    let (function, tables) = (attempt.function.as_str(), &attempt.tables);
    let wrong = attempt.service == "dynamodb"
        && match function {
            "pages" => true,
            "request-login" => tables
                .iter()
                .any(|table| table != "emails" && table != "rate-limits"),
            _ => false,
        };
    wrong.then(|| format!("{function} called {} on {tables:?}", attempt.operation))
}
