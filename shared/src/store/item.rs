//! One file per table: its key, its attributes, the conversion, and the pieces that go into
//! transactions.

use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::{AttributeValue, Put};
use std::collections::HashMap;

/// An item as the SDK has it.
pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(super) fn n(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// An item from its attributes; those that are `None` are left out.
pub(super) fn item<const N: usize>(attributes: [(&str, Option<AttributeValue>); N]) -> Item {
    attributes
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

pub(super) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

pub(super) fn number(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

pub(super) fn moment(item: &Item, name: &str) -> Option<Timestamp> {
    number(item, name).map(Timestamp::from_millis)
}

/// `expires_at` is in seconds, as DynamoDB's TTL wants it.
pub(super) fn expires_at(item: &Item) -> Option<Timestamp> {
    number(item, "expires_at").map(Timestamp::from_secs)
}

/// Puts an item that is not there yet.
pub(super) fn put_new(table: &str, item: Item) -> Put {
    #[expect(clippy::expect_used, reason = "every required field is set")]
    Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(pk)")
        .build()
        .expect("a whole put")
}
