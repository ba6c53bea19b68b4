//! `GET /auth/client/1/vestibule.js`: the client for browsers, and its types. What is at the path
//! of a version keeps working for those who import it.

use shared::http::{Response, response};
use std::time::Duration;

const MODULE: &str = include_str!("../../../clients/js/vestibule.js");
const TYPES: &str = include_str!("../../../clients/js/vestibule.d.ts");
/// The time for which browsers may cache either file.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) fn module() -> Response {
    response::public_text("text/javascript; charset=utf-8", MODULE, MAX_AGE)
}

/// Serves the types as plain text, which browsers show: `.ts` is a video to them.
pub(crate) fn types() -> Response {
    response::public_text("text/plain; charset=utf-8", TYPES, MAX_AGE)
}
