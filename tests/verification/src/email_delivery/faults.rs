//! One in five calls fails.

use crate::rng::Rng;
use kit::World;
use local::aws_stub::{Attempt, Fault};
use serde_json::json;
use std::sync::{Mutex, PoisonError};

/// Lets one in five calls fail from now on, and every call to SES during an outage.
pub(super) fn inject(world: &World, seed: u64, is_outage: bool) {
    let rng = Mutex::new(Rng::new(seed));
    world.portal.set_fault(move |attempt| {
        let mut rng = rng.lock().unwrap_or_else(PoisonError::into_inner);
        match attempt.service.as_str() {
            "ses" if is_outage => busy(attempt),
            "ses" if rng.one_in(200) => refused(),
            "ses" | "dynamodb" if rng.one_in(5) => any(attempt, &mut rng),
            _ => Fault::None,
        }
    });
}

fn any(attempt: &Attempt, rng: &mut Rng) -> Fault {
    match rng.below(8) {
        0 => Fault::FailBefore,
        1 => Fault::TimeOut,
        2 => Fault::LoseAnswer,
        3 => Fault::DieBefore,
        4 => Fault::DieAfter,
        _ => busy(attempt),
    }
}

fn busy(attempt: &Attempt) -> Fault {
    let (status, name) = match attempt.service.as_str() {
        "ses" => (429, "TooManyRequestsException"),
        _ => (400, "ProvisionedThroughputExceededException"),
    };
    let error = json!({"__type": name, "message": "an injected error"});
    Fault::Reply(status, error.to_string())
}

fn refused() -> Fault {
    let error = json!({"__type": "MessageRejected", "message": "an injected refusal"});
    Fault::Reply(400, error.to_string())
}
