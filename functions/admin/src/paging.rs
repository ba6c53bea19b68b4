//! The query parameters that all lists have.

use shared::http::Problem;

/// Parses `limit`, the number of items on a page.
pub(crate) fn parse_limit(text: &str) -> Result<u8, Problem> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    let limit = text.parse().ok().filter(|_| is_number);
    limit
        .filter(|limit| (1..=100).contains(limit))
        .ok_or_else(|| Problem::invalid_field("limit", |t| t.limit_invalid))
}

/// Returns the problem of an `after` that no page of this list has returned as `next`.
pub(crate) fn not_in_list() -> Problem {
    Problem::invalid_field("after", |t| t.after_invalid)
}
