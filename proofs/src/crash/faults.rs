//! What can go wrong at a call, for how long, and the one who does it.

use local::seam::{Attempt, Fault};
use serde_json::json;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

impl Kind {
    /// All of them.
    pub(super) const ALL: [Self; 18] = [
        Self::FailBefore,
        Self::LoseAnswer,
        Self::TimeOut,
        Self::Hang,
        Self::Throttled,
        Self::Exceeded,
        Self::ServerError,
        Self::Garbled,
        Self::Conflict,
        Self::ConflictAndCondition,
        Self::CancelledThrottled,
        Self::InProgress,
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
        matches!(self, FailBefore | LoseAnswer | TimeOut | Hang | Throttled | ServerError | Garbled)
    }

    const fn is_death(self) -> bool {
        matches!(self, Self::DieBefore | Self::DieAfter)
    }

    /// Whether the SDK's tries, or ours, must hide it when it passes at once.
    fn passes_unseen(self) -> bool {
        !self.is_death() && self != Self::Garbled
    }

    fn can_happen_at(self, point: &Point) -> bool {
        let operation = point.operation.as_str();
        match self {
            Self::Exceeded => point.service == "dynamodb",
            Self::Conflict | Self::CancelledThrottled | Self::InProgress => operation == "TransactWriteItems",
            Self::ConflictAndCondition => operation == "TransactWriteItems" && point.tables.len() > 1,
            Self::UpdateConflict => operation == "UpdateItem",
            Self::Undone => operation == "BatchGetItem",
            // A read that arrives late changes nothing.
            Self::Late | Self::Last => ["TransactWriteItems", "UpdateItem", "SendEmail"].contains(&operation),
            _ => true,
        }
    }

    fn fault(self, attempt: &Attempt) -> Fault {
        match self {
            Self::FailBefore => Fault::FailBefore,
            Self::LoseAnswer => Fault::LoseAnswer,
            Self::TimeOut => Fault::TimeOut,
            Self::Hang => Fault::Delay(Duration::from_secs(60)),
            Self::Throttled => throttled(&attempt.service),
            Self::Exceeded => said(400, "ProvisionedThroughputExceededException"),
            Self::ServerError => server_error(&attempt.service),
            Self::Garbled => Fault::Reply(200, "<html>not what was asked for</html>".to_owned()),
            Self::Conflict => cancelled(attempt, "None", "TransactionConflict"),
            Self::ConflictAndCondition => cancelled(attempt, "ConditionalCheckFailed", "TransactionConflict"),
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
fn said(status: u16, kind: &str) -> Fault {
    let message = "said the service, because the proof wanted it";
    Fault::Reply(status, json!({"__type": kind, "message": message}).to_string())
}

fn throttled(service: &str) -> Fault {
    if service == "ses" { said(429, "TooManyRequestsException") } else { said(400, "ThrottlingException") }
}

fn server_error(service: &str) -> Fault {
    said(500, if service == "dynamodb" { "InternalServerError" } else { "InternalServiceError" })
}

/// A cancelled transaction: this reason at the last of its items, that one at the others.
pub(super) fn cancelled(attempt: &Attempt, others: &str, last: &str) -> Fault {
    let mut reasons = vec![json!({"Code": others}); attempt.tables.len()];
    reasons.pop();
    reasons.push(json!({"Code": last, "Message": "because the proof wanted it"}));
    let kind = "TransactionCanceledException";
    Fault::Reply(400, json!({"__type": kind, "Message": kind, "CancellationReasons": reasons}).to_string())
}

impl Point {
    fn of(attempt: &Attempt) -> Self {
        let Attempt { function, service, operation, tables, .. } = attempt.clone();
        Self { function, service, operation, tables }
    }

    /// Everything that can go wrong here.
    pub(super) fn faults(&self) -> Vec<(Kind, Extent)> {
        let kinds = Kind::ALL.into_iter().filter(|kind| kind.can_happen_at(self));
        let at_all_extents =
            kinds.flat_map(|kind| [Extent::Once, Extent::Call, Extent::Rest].map(|extent| (kind, extent)));
        at_all_extents.filter(|(kind, extent)| self.is_case(*kind, *extent)).collect()
    }

    fn is_case(&self, kind: Kind, extent: Extent) -> bool {
        match extent {
            Extent::Once => true,
            // The mailer asks SES once, whatever comes.
            Extent::Call => !kind.is_death() && self.service != "ses",
            Extent::Rest => kind.is_common(),
        }
    }
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
        } else if !state.active.as_ref().is_some_and(|active| strike.goes_on(active, &point)) {
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

impl Strike {
    /// Whether no client may be told of it: it passes at once, and the next try goes through.
    pub(super) fn is_hidden(self) -> bool {
        self.extent == Extent::Once && self.kind.passes_unseen()
    }

    fn goes_on(&self, active: &Point, now: &Point) -> bool {
        match self.extent {
            Extent::Once => false,
            Extent::Call => active == now,
            Extent::Rest => active.function == now.function,
        }
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

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.function, self.operation)?;
        if self.tables.is_empty() { Ok(()) } else { write!(f, " on {}", self.tables.join(", ")) }
    }
}
