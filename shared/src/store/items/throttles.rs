//! `throttles`: counters, under `scope#key#window`. TTL removes them a day after their window has ended.

use super::{Item, item, n, s};
use crate::domain::throttle::Throttle;
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::Update;
use std::time::Duration;

const KEPT: Duration = Duration::from_secs(86_400);

fn key(throttle: &Throttle, now: Timestamp) -> Item {
    item([("pk", Some(s(throttle.row(now))))])
}

/// Counts one more, unless the limit is reached.
pub(in crate::store) fn count(table: &str, throttle: &Throttle, now: Timestamp) -> Update {
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
