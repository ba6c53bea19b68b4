//! The query parameters of lists.

use crate::domain::ids::RecordId;
use crate::domain::language::sentences::fill;
use crate::domain::time::Timestamp;
use crate::http::Problem;
use crate::store::HistoryRange;

/// Parses `limit`, the number of items on a page.
///
/// # Errors
/// 400 for anything but a number from 1 to 100.
pub fn parse_limit(text: &str) -> Result<u8, Problem> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    let limit = text.parse().ok().filter(|_| is_number);
    limit
        .filter(|limit| (1..=100).contains(limit))
        .ok_or_else(|| Problem::invalid_field("limit", |t| t.limit_invalid))
}

/// Returns the problem of an `after` that no page of this list has returned as `next`.
pub fn not_in_list() -> Problem {
    Problem::invalid_field("after", |t| t.after_invalid)
}

/// Parses `from`, `to`, `limit` and `after`, the records of a history to list.
///
/// # Errors
/// 400 where `from` is not before `to`, or `after` is not between them.
pub fn parse_range([from, to, limit, after]: [Option<&str>; 4]) -> Result<HistoryRange, Problem> {
    let all = HistoryRange::newest(parse_limit(limit.unwrap_or("50"))?);
    let from = from.map(|from| parse_time("from", from)).transpose()?;
    let to = to.map(|to| parse_time("to", to)).transpose()?;
    let from = from.unwrap_or(all.from);
    let to = to.unwrap_or(all.until);
    if from >= to {
        return Err(Problem::invalid_field("from", |t| t.from_after_to));
    }
    let until = match after {
        None => to,
        Some(after) => RecordId::parse(after)
            .filter(|after| (&from..=&to).contains(&after))
            .ok_or_else(not_in_list)?,
    };
    Ok(HistoryRange {
        from,
        until,
        limit: all.limit,
    })
}

/// Parses a time, and returns the id before all records of that time and later.
fn parse_time(name: &'static str, text: &str) -> Result<RecordId, Problem> {
    let time = Timestamp::parse_rfc3339(text);
    time.map(RecordId::first_at)
        .ok_or_else(|| Problem::invalid_field(name, move |t| fill(t.not_a_time, &[("name", name)])))
}
