//! `audit`: put-only. Under the user's id, time-ordered.

use super::{Item, item, n, s};
use crate::domain::audit::Event;
use crate::domain::ids::RecordId;
use aws_sdk_dynamodb::types::{AttributeValue, Put};
use std::collections::HashMap;

fn to_item(event: &Event, id: &RecordId) -> Item {
    let (kind, resource) = &event.resource;
    let metadata: HashMap<_, _> = event.metadata.iter().map(|(name, value)| ((*name).to_owned(), s(value))).collect();
    item([
        ("pk", Some(s(event.user.as_str()))),
        ("sk", Some(s(id.as_str()))),
        ("action", Some(s(&event.action))),
        ("resource_type", Some(s(*kind))),
        ("resource_id", Some(s(resource))),
        ("metadata", Some(AttributeValue::M(metadata))),
        ("ip", Some(s(&event.client.ip))),
        ("user_agent", Some(s(&event.client.user_agent))),
        ("severity", Some(s("info"))),
        ("at", Some(n(event.at.millis()))),
        ("expires_at", Some(n(event.expires_at.secs()))),
    ])
}

/// The write that goes into the transaction that makes it happen.
pub(in crate::store) fn put(event: &Event, table: &str, random: [u8; 8]) -> Put {
    let id = RecordId::new(event.at, random);
    super::put_new(table, to_item(event, &id))
}
