//! The kinds of faults: where each can happen, and what the SDK gets to see of it.

use super::call_site::CallSite;
use local::aws_stub::{Attempt, Fault};
use serde_json::json;
use std::time::Duration;

/// A way in which a call to AWS can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FaultKind {
    /// The connection breaks before anything is sent
    FailBefore,
    /// The call is done, and its response is lost
    LoseResponse,
    /// Nothing is sent within the timeout
    TimeOut,
    /// The service accepts the request and never responds
    Hang,
    /// The service throttles the request
    Throttled,
    /// The capacity of the table is exceeded
    CapacityExceeded,
    /// The service fails with an internal error
    ServerError,
    /// The call is done, and the service responds with an internal error
    DoneServerError,
    /// The response is not one of the service's
    GarbledResponse,
    /// A transaction conflicts with another one
    Conflict,
    /// A transaction conflicts, and one of its conditions seems to fail
    ConflictAndCondition,
    /// A transaction is cancelled because a table is throttled
    CancelledThrottled,
    /// The first of two equal transactions is still in progress
    InProgress,
    /// A transaction is done, and the response says that it is still in progress
    DoneInProgress,
    /// An update conflicts with a transaction
    UpdateConflict,
    /// Nothing of a batch is processed
    UnprocessedBatch,
    /// The SDK gives up, and the call arrives once the function has responded
    Late,
    /// The SDK gives up, and the call arrives when the flow has ended
    LateUntilEnd,
    /// The function crashes before the call
    CrashBefore,
    /// The function crashes after the call
    CrashAfter,
}

use FaultKind::{
    CancelledThrottled, CapacityExceeded, Conflict, ConflictAndCondition, CrashAfter, CrashBefore,
    DoneInProgress, DoneServerError, FailBefore, GarbledResponse, Hang, InProgress, Late,
    LateUntilEnd, LoseResponse, ServerError, Throttled, TimeOut, UnprocessedBatch, UpdateConflict,
};

impl FaultKind {
    /// Returns whether any service can fail like this at any number of calls.
    pub(super) const fn is_outage(self) -> bool {
        matches!(
            self,
            FailBefore | LoseResponse | TimeOut | Hang | Throttled | ServerError | GarbledResponse
        )
    }

    /// Returns whether the store itself retries, after the SDK has given up.
    pub(super) const fn is_conflict(self) -> bool {
        let transaction = matches!(self, Conflict | ConflictAndCondition | CancelledThrottled);
        transaction || matches!(self, InProgress | DoneInProgress | UpdateConflict)
    }

    pub(super) const fn is_crash(self) -> bool {
        matches!(self, CrashBefore | CrashAfter)
    }

    /// Returns whether the call may be done although it seems to fail.
    pub(super) const fn may_be_done(self) -> bool {
        let arrives_late = matches!(self, Late | LateUntilEnd);
        let done = matches!(self, DoneServerError | DoneInProgress | CrashAfter);
        done || arrives_late || matches!(self, LoseResponse)
    }

    /// Returns whether a retry of the SDK or the store hides it from the client when it happens
    /// once.
    pub(super) fn is_retried(self) -> bool {
        !self.is_crash() && self != GarbledResponse
    }

    pub(super) fn can_happen_at(self, site: &CallSite) -> bool {
        let operation = site.operation.as_str();
        let is_transaction = operation == "TransactWriteItems";
        match self {
            CapacityExceeded => site.service == "dynamodb",
            Conflict | CancelledThrottled | InProgress | DoneInProgress => is_transaction,
            ConflictAndCondition => is_transaction && site.tables.len() > 1,
            UpdateConflict => operation == "UpdateItem",
            UnprocessedBatch => ["BatchGetItem", "BatchWriteItem"].contains(&operation),
            Late | LateUntilEnd | DoneServerError => site.is_write(),
            _ => true,
        }
    }

    /// Returns the fault to inject into an attempt.
    pub(super) fn at(self, attempt: &Attempt) -> Fault {
        let (is_ses, is_dynamodb) = (attempt.service == "ses", attempt.service == "dynamodb");
        match self {
            FailBefore => Fault::FailBefore,
            LoseResponse => Fault::LoseAnswer,
            TimeOut => Fault::TimeOut,
            Hang => Fault::Delay(Duration::from_secs(60)),
            Throttled if is_ses => service_error(429, "TooManyRequestsException"),
            Throttled => service_error(400, "ThrottlingException"),
            CapacityExceeded => service_error(400, "ProvisionedThroughputExceededException"),
            ServerError if is_dynamodb => service_error(500, "InternalServerError"),
            ServerError => service_error(500, "InternalServiceError"),
            DoneServerError => Fault::DoneBut(500, error_body("InternalServerError")),
            GarbledResponse => Fault::Reply(200, "<html>not a response</html>".to_owned()),
            Conflict => cancelled(attempt, "None", "TransactionConflict"),
            ConflictAndCondition => {
                cancelled(attempt, "ConditionalCheckFailed", "TransactionConflict")
            }
            CancelledThrottled => cancelled(attempt, "None", "ThrottlingError"),
            InProgress => service_error(400, "TransactionInProgressException"),
            DoneInProgress => Fault::DoneBut(400, error_body("TransactionInProgressException")),
            UpdateConflict => service_error(400, "TransactionConflictException"),
            UnprocessedBatch => Fault::Undone,
            Late | LateUntilEnd => Fault::Late,
            CrashBefore => Fault::DieBefore,
            CrashAfter => Fault::DieAfter,
        }
    }
}

/// Returns an error as the JSON protocols of all three services send it.
pub(super) fn service_error(status: u16, kind: &str) -> Fault {
    Fault::Reply(status, error_body(kind))
}

fn error_body(kind: &str) -> String {
    json!({"__type": kind, "message": "an injected error"}).to_string()
}

/// Returns a cancelled transaction, with one reason for the last item and one for all others.
pub(super) fn cancelled(attempt: &Attempt, others: &str, last: &str) -> Fault {
    let mut reasons = vec![json!({"Code": others}); attempt.tables.len().saturating_sub(1)];
    reasons.push(json!({"Code": last, "Message": "an injected error"}));
    let kind = "TransactionCanceledException";
    let body = json!({"__type": kind, "Message": kind, "CancellationReasons": reasons});
    Fault::Reply(400, body.to_string())
}
