//! Injects random faults into the calls to AWS, following a fault profile.

use crate::rng::Rng;
use kit::{cancelled, dynamodb_error};
use local::aws_stub::{Attempt, Fault};
use serde_json::json;
use std::time::Duration;

/// The number of instances of each function.
pub(super) const INSTANCES: usize = 2;

/// Longer than the timeout of one attempt, so that jitter does not decide whether it times out.
const HANGS_FOR: Duration = Duration::from_millis(1500);

/// The faults of DynamoDB and SES.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultProfile {
    None,
    /// This percentage of calls fails, each in its own way.
    Failing(usize),
    /// This percentage of calls to DynamoDB hangs, and of those to SES fails.
    Hanging(usize),
    /// Neither can be reached.
    Outage,
}

/// The faults of all portals.
pub(super) struct Faults {
    rng: Rng,
    pub(super) profile: FaultProfile,
    /// The instances that cannot reach Secrets Manager.
    pub(super) keys_down: [bool; INSTANCES],
    /// The number of calls that have met a fault.
    pub(super) injected: usize,
    /// A call that no function may make.
    pub(super) forbidden_call: Option<String>,
}

impl Faults {
    pub(super) const fn new(rng: Rng) -> Self {
        Self {
            rng,
            profile: FaultProfile::None,
            keys_down: [false; INSTANCES],
            injected: 0,
            forbidden_call: None,
        }
    }

    /// Chooses the fault of a call.
    pub(super) fn inject(&mut self, attempt: &Attempt) -> Fault {
        let fault = match attempt.service.as_str() {
            "secretsmanager" if self.keys_down.get(attempt.instance) == Some(&true) => {
                Fault::FailBefore
            }
            "dynamodb" => self.dynamodb(&attempt.operation),
            "ses" => self.ses(),
            _ => Fault::None,
        };
        self.injected += usize::from(!matches!(fault, Fault::None));
        self.forbidden_call = forbidden(attempt).or_else(|| self.forbidden_call.take());
        fault
    }

    fn is_hit(&mut self) -> bool {
        match self.profile {
            FaultProfile::None => false,
            FaultProfile::Failing(percent) | FaultProfile::Hanging(percent) => {
                self.rng.below(100) < percent
            }
            FaultProfile::Outage => true,
        }
    }

    fn dynamodb(&mut self, operation: &str) -> Fault {
        if !self.is_hit() {
            return Fault::None;
        }
        match self.profile {
            FaultProfile::Outage => return Fault::FailBefore,
            FaultProfile::Hanging(_) => return Fault::Delay(HANGS_FOR),
            _ => {}
        }
        let error = |kind| Fault::Reply(400, dynamodb_error(kind));
        match (self.rng.below(8), operation) {
            (0, _) => Fault::FailBefore,
            (1 | 2, _) => Fault::LoseAnswer,
            (3, _) => Fault::TimeOut,
            (4, _) => error("ThrottlingException"),
            (5, _) => Fault::Reply(500, dynamodb_error("InternalServerError")),
            (_, "TransactWriteItems") if self.rng.one_in(4) => {
                error("TransactionInProgressException")
            }
            (_, "TransactWriteItems") if self.rng.one_in(2) => Fault::Reply(400, half_judged()),
            (_, "TransactWriteItems") => Fault::Reply(400, cancelled("TransactionConflict")),
            (_, "UpdateItem") => error("TransactionConflictException"),
            _ => error("ProvisionedThroughputExceededException"),
        }
    }

    fn ses(&mut self) -> Fault {
        if !self.is_hit() {
            return Fault::None;
        }
        let error =
            |kind: &str| json!({"__type": kind, "message": "an injected error"}).to_string();
        match self.rng.below(5) {
            0 => Fault::FailBefore,
            1 | 2 => Fault::LoseAnswer,
            3 => Fault::Reply(429, error("TooManyRequestsException")),
            _ => Fault::Reply(400, error("MessageRejected")),
        }
    }
}

/// Returns the error of a cancelled transaction in which one item conflicted, so that the failed
/// condition of another item says nothing.
fn half_judged() -> String {
    let mut error: serde_json::Value =
        serde_json::from_str(&cancelled("ConditionalCheckFailed")).unwrap();
    let reasons = error["CancellationReasons"].as_array_mut().unwrap();
    reasons.push(json!({"Code": "TransactionConflict", "Message": "an injected error"}));
    error.to_string()
}

/// Returns the call if opening a page reads any table, or if a request for a link looks up the
/// account (promises 4 and 1).
fn forbidden(attempt: &Attempt) -> Option<String> {
    let (function, tables) = (attempt.function.as_str(), &attempt.tables);
    let is_allowed = match function {
        "pages" => false,
        "request-login" | "sign-up" => tables
            .iter()
            .all(|table| table == "emails" || table == "rate-limits"),
        _ => true,
    };
    (attempt.service == "dynamodb" && !is_allowed)
        .then(|| format!("{function} called {} on {tables:?}", attempt.operation))
}
