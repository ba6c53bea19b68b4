//! What answers say to a client.

use std::time::Duration;
use tests::{Answer, secs};

/// What a client makes of it.
pub(super) enum Told {
    /// It is so.
    Something,
    /// It is to come back.
    Later,
    /// It is to come back after that.
    Wait(Duration),
}

/// Of an answer, of whatever route.
pub(super) fn told(answer: &Answer) -> Told {
    let page = answer.location();
    match (answer.status.as_u16(), answer.problem().as_str()) {
        (200, _) if is_partial(answer) => Told::Later,
        (503, "unavailable") | (500, _) => Told::Later,
        (303, _) if page.contains("?error=unavailable") => Told::Later,
        (429, _) => Told::Wait(secs(answer.json()["retry_after"].as_u64().unwrap_or(60))),
        (303, _) if page.contains("?error=too_many_attempts") => Told::Wait(secs(60)),
        _ => Told::Something,
    }
}

/// Whether some of several results are "later".
fn is_partial(answer: &Answer) -> bool {
    answer.json()["results"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|result| result["problem"] == "unavailable")
}

/// Whether it is of this status, and of this problem type if it is one; else what it is instead.
pub(super) fn is_due(answer: &Answer, status: u16, problem: &str) -> Result<(), String> {
    let is = (answer.status.as_u16(), answer.problem());
    if is == (status, problem.to_owned()) {
        return Ok(());
    }
    let (location, body) = (answer.location(), &answer.body);
    Err(format!(
        "{} {} was answered where {status} {problem} is due: {location}{body}",
        is.0, is.1
    ))
}
