//! `throttles`: counters, under `scope#key#window`. TTL removes them a day after their window has
//! ended.

use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;
use crate::store::Unavailable;
use crate::store::item::{Item, item, n, number, s, text};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::Update;
use std::time::Duration;

/// The reason that nothing was counted or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountError {
    /// A rate limit is exhausted.
    RateLimited {
        /// Time until the window ends in which it was exhausted.
        retry_after: Duration,
    },
    /// The store could not be reached.
    Unavailable,
}

impl From<Unavailable> for CountError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

const KEPT: Duration = Duration::from_secs(86_400);
/// How long wrong passwords in a row are remembered after the last one.
const IN_A_ROW_KEPT: Duration = Duration::from_secs(400 * 86_400);

pub(in crate::store) fn key(throttle: &RateLimit, now: Timestamp) -> Item {
    item([("pk", Some(s(throttle.row(now))))])
}

/// Counts one more, unless the limit is reached.
pub(in crate::store) fn count(table: &str, throttle: &RateLimit, now: Timestamp) -> Update {
    let expires_at = throttle.ends_at(now).plus(KEPT);
    #[expect(clippy::expect_used, reason = "every required field is set")]
    Update::builder()
        .table_name(table)
        .set_key(Some(key(throttle, now)))
        .update_expression("ADD #count :one SET expires_at = :expires_at")
        .condition_expression("attribute_not_exists(#count) OR #count < :limit")
        .expression_attribute_names("#count", "count")
        .expression_attribute_values(":one", n(1))
        .expression_attribute_values(":limit", n(throttle.limit))
        .expression_attribute_values(":expires_at", n(expires_at.secs()))
        .build()
        .expect("a whole update")
}

/// How far a counter has come, among the `rows` that were read.
pub(in crate::store) fn counted(rows: &[Item], throttle: &RateLimit, now: Timestamp) -> u64 {
    row(rows, throttle, now)
        .and_then(|row| number(row, "count"))
        .unwrap_or_default()
}

/// How many wrong passwords there have been in a row, and since which sign-in.
pub(in crate::store) fn in_a_row(
    rows: &[Item],
    throttle: &RateLimit,
    now: Timestamp,
) -> (u64, u64) {
    let row = row(rows, throttle, now);
    let field = |name| row.and_then(|row| number(row, name)).unwrap_or_default();
    (field("count"), field("sign_ins"))
}

fn row<'a>(rows: &'a [Item], throttle: &RateLimit, now: Timestamp) -> Option<&'a Item> {
    rows.iter()
        .find(|row| text(row, "pk") == Some(&throttle.row(now)))
}

/// One wrong password more since the `sign_ins`th sign-in; the first one of a new row where the row
/// was of another, `was`. What comes late finds the row of another than that, and takes nothing
/// back.
pub(in crate::store) fn one_more_in_a_row(
    request: UpdateItemFluentBuilder,
    throttle: &RateLimit,
    (was, sign_ins): (u64, u64),
    now: Timestamp,
) -> UpdateItemFluentBuilder {
    let count = if was == sign_ins {
        "ADD #count :one SET"
    } else {
        "SET #count = :one,"
    };
    request
        .set_key(Some(key(throttle, now)))
        .update_expression(format!(
            "{count} sign_ins = :sign_ins, expires_at = :expires_at"
        ))
        .condition_expression("attribute_not_exists(sign_ins) OR sign_ins = :was")
        .expression_attribute_names("#count", "count")
        .expression_attribute_values(":one", n(1))
        .expression_attribute_values(":was", n(was))
        .expression_attribute_values(":sign_ins", n(sign_ins))
        .expression_attribute_values(":expires_at", n(now.plus(IN_A_ROW_KEPT).secs()))
}
