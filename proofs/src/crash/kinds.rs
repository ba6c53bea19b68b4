//! Where something can go wrong, what, and for how long.

use super::faults::Script;
use local::aws_stub::{Attempt, Fault};
use serde_json::json;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A call as a function makes it: where a crash may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Point {
    function: String,
    service: String,
    operation: String,
    tables: Vec<String>,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The connection breaks before anything was sent.
    FailBefore,
    /// It is done, and the answer is lost.
    LoseAnswer,
    /// Nothing is sent in time.
    TimeOut,
    /// The service takes the request and says nothing, until the SDK's own patience ends.
    Hang,
    /// The service is busy.
    Throttled,
    /// A table's share is used up.
    Exceeded,
    /// The service has a fault of its own.
    ServerError,
    /// It is done, and then the service has a fault of its own.
    DoneServerError,
    /// What comes back is no answer.
    Garbled,
    /// A transaction runs into another one.
    Conflict,
    /// The same, and a condition seems not to hold: nothing has been judged.
    ConflictAndCondition,
    /// A transaction is cancelled because a table is busy.
    CancelledThrottled,
    /// The first of two equal transactions is still under way.
    InProgress,
    /// The first of two equal transactions has just been done, and the second is told that it is
    /// still under way.
    DoneInProgress,
    /// An update runs into a transaction.
    UpdateConflict,
    /// A batch is left undone.
    Undone,
    /// It is given up, and arrives once the function has answered.
    Late,
    /// It is given up, and arrives when everything is over.
    Last,
    /// The function dies before the call.
    DieBefore,
    /// The function dies once the call is done.
    DieAfter,
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// At this attempt only: the next one goes through.
    Once,
    /// At this attempt and the next two of this call: the SDK gives up then, and the store tries
    /// again.
    Thrice,
    /// At every attempt of this call, until the function has given up.
    Call,
    /// At everything that the function asks anybody, until it has given up.
    Rest,
}

/// A fault at a point, which is named by its number: the how-manieth attempt of the flow it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strike {
    /// From 1.
    pub(super) point: usize,
    /// What goes wrong there.
    pub(super) kind: Kind,
    /// And for how long.
    pub(super) extent: Extent,
}

impl Kind {
    /// All of them.
    pub(super) const ALL: [Self; 20] = [
        Self::FailBefore,
        Self::LoseAnswer,
        Self::TimeOut,
        Self::Hang,
        Self::Throttled,
        Self::Exceeded,
        Self::ServerError,
        Self::DoneServerError,
        Self::Garbled,
        Self::Conflict,
        Self::ConflictAndCondition,
        Self::CancelledThrottled,
        Self::InProgress,
        Self::DoneInProgress,
        Self::UpdateConflict,
        Self::Undone,
        Self::Late,
        Self::Last,
        Self::DieBefore,
        Self::DieAfter,
    ];

    /// Whether it is a fault of any service, at any call.
    const fn is_common(self) -> bool {
        use Kind::{FailBefore, Garbled, Hang, LoseAnswer, ServerError, Throttled, TimeOut};
        matches!(
            self,
            FailBefore | LoseAnswer | TimeOut | Hang | Throttled | ServerError | Garbled
        )
    }

    /// Whether the store itself tries again, and not only the SDK.
    const fn is_conflict(self) -> bool {
        use Kind::{
            CancelledThrottled, Conflict, ConflictAndCondition, DoneInProgress, InProgress,
            UpdateConflict,
        };
        matches!(
            self,
            Conflict
                | ConflictAndCondition
                | CancelledThrottled
                | InProgress
                | DoneInProgress
                | UpdateConflict
        )
    }

    pub(super) const fn is_death(self) -> bool {
        matches!(self, Self::DieBefore | Self::DieAfter)
    }

    /// Whether it may be done although it seems to fail.
    pub(super) const fn may_be_done(self) -> bool {
        use Kind::{DieAfter, DoneInProgress, DoneServerError, Last, Late, LoseAnswer};
        matches!(
            self,
            LoseAnswer | DoneServerError | DoneInProgress | Late | Last | DieAfter
        )
    }

    /// Whether the SDK's tries, or ours, must hide it when it passes at once.
    fn passes_unseen(self) -> bool {
        !self.is_death() && self != Self::Garbled
    }

    fn can_happen_at(self, point: &Point) -> bool {
        let operation = point.operation.as_str();
        match self {
            Self::Exceeded => point.service == "dynamodb",
            Self::Conflict | Self::CancelledThrottled | Self::InProgress | Self::DoneInProgress => {
                operation == "TransactWriteItems"
            }
            Self::ConflictAndCondition => {
                operation == "TransactWriteItems" && point.tables.len() > 1
            }
            Self::UpdateConflict => operation == "UpdateItem",
            Self::Undone => ["BatchGetItem", "BatchWriteItem"].contains(&operation),
            // A read changes nothing when it arrives late.
            Self::Late | Self::Last | Self::DoneServerError => [
                "TransactWriteItems",
                "UpdateItem",
                "PutItem",
                "BatchWriteItem",
                "SendEmail",
            ]
            .contains(&operation),
            _ => true,
        }
    }

    pub(super) fn fault(self, attempt: &Attempt) -> Fault {
        match self {
            Self::FailBefore => Fault::FailBefore,
            Self::LoseAnswer => Fault::LoseAnswer,
            Self::TimeOut => Fault::TimeOut,
            Self::Hang => Fault::Delay(Duration::from_secs(60)),
            Self::Throttled => throttled(&attempt.service),
            Self::DoneServerError => Fault::DoneBut(500, error("InternalServerError")),
            Self::DoneInProgress => Fault::DoneBut(400, error("TransactionInProgressException")),
            Self::Exceeded => said(400, "ProvisionedThroughputExceededException"),
            Self::ServerError => server_error(&attempt.service),
            Self::Garbled => Fault::Reply(200, "<html>not what was asked for</html>".to_owned()),
            Self::Conflict => cancelled(attempt, "None", "TransactionConflict"),
            Self::ConflictAndCondition => {
                cancelled(attempt, "ConditionalCheckFailed", "TransactionConflict")
            }
            Self::CancelledThrottled => cancelled(attempt, "None", "ThrottlingError"),
            Self::InProgress => said(400, "TransactionInProgressException"),
            Self::UpdateConflict => said(400, "TransactionConflictException"),
            Self::Undone => Fault::Undone,
            Self::Late | Self::Last => Fault::Late,
            Self::DieBefore => Fault::DieBefore,
            Self::DieAfter => Fault::DieAfter,
        }
    }
}

/// An error as the JSON protocols of all three services carry it.
fn error(kind: &str) -> String {
    json!({"__type": kind, "message": "said the service, because the proof wanted it"}).to_string()
}

fn said(status: u16, kind: &str) -> Fault {
    Fault::Reply(status, error(kind))
}

fn throttled(service: &str) -> Fault {
    if service == "ses" {
        said(429, "TooManyRequestsException")
    } else {
        said(400, "ThrottlingException")
    }
}

fn server_error(service: &str) -> Fault {
    said(
        500,
        if service == "dynamodb" {
            "InternalServerError"
        } else {
            "InternalServiceError"
        },
    )
}

/// A cancelled transaction: this reason at the last of its items, that one at the others.
fn cancelled(attempt: &Attempt, others: &str, last: &str) -> Fault {
    let mut reasons = vec![json!({"Code": others}); attempt.tables.len()];
    reasons.pop();
    reasons.push(json!({"Code": last, "Message": "because the proof wanted it"}));
    let kind = "TransactionCanceledException";
    Fault::Reply(
        400,
        json!({"__type": kind, "Message": kind, "CancellationReasons": reasons}).to_string(),
    )
}

/// Other transactions that do not let go of the same rows, as often as the store tries.
pub(super) fn conflicts() -> Script {
    let met = AtomicUsize::new(0);
    Box::new(move |attempt| match attempt.operation.as_str() {
        "TransactWriteItems" if met.fetch_add(1, Ordering::SeqCst) < 6 => {
            cancelled(attempt, "None", "TransactionConflict")
        }
        _ => Fault::None,
    })
}

impl Point {
    pub(super) fn of(attempt: &Attempt) -> Self {
        let Attempt {
            function,
            service,
            operation,
            tables,
            ..
        } = attempt.clone();
        Self {
            function,
            service,
            operation,
            tables,
        }
    }

    /// Everything that can go wrong here.
    pub(super) fn faults(&self) -> Vec<(Kind, Extent)> {
        let kinds = Kind::ALL
            .into_iter()
            .filter(|kind| kind.can_happen_at(self));
        let at_all_extents = kinds.flat_map(|kind| {
            [Extent::Once, Extent::Thrice, Extent::Call, Extent::Rest].map(|extent| (kind, extent))
        });
        at_all_extents
            .filter(|(kind, extent)| self.is_case(*kind, *extent))
            .collect()
    }

    fn is_case(&self, kind: Kind, extent: Extent) -> bool {
        match extent {
            Extent::Once => true,
            Extent::Thrice => kind.is_conflict(),
            // The mailer asks SES once, whatever comes.
            Extent::Call => !kind.is_death() && self.service != "ses",
            Extent::Rest => kind.is_common(),
        }
    }
}

impl Strike {
    /// Whether no client may be told of it: it passes at once, and the next try goes through.
    pub(super) fn is_hidden(self) -> bool {
        self.extent == Extent::Thrice || (self.extent == Extent::Once && self.kind.passes_unseen())
    }

    pub(super) fn goes_on(&self, active: &Point, now: &Point, struck: usize) -> bool {
        match self.extent {
            Extent::Once => false,
            Extent::Thrice => active == now && struck < 3,
            Extent::Call => active == now,
            Extent::Rest => active.function == now.function,
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.function, self.operation)?;
        if self.tables.is_empty() {
            Ok(())
        } else {
            write!(f, " on {}", self.tables.join(", "))
        }
    }
}
