//! The rows of `audit`: under the user's id or the keyed hash of an address, ordered by time.

use crate::domain::audit::{AuditEvent, AuditRecord};
use crate::domain::client::ClientInfo;
use crate::domain::ids::RecordId;
use crate::store::Store;
use crate::store::expression::put_new;
use crate::store::item::{Item, item, moment, n, s, text};
use aws_sdk_dynamodb::types::{AttributeValue, Put};
use std::collections::HashMap;

pub(super) fn to_item(event: &AuditEvent, id: &RecordId) -> Item {
    let metadata: HashMap<_, _> = event
        .metadata
        .iter()
        .map(|(name, value)| ((*name).to_owned(), s(value)))
        .collect();
    item([
        ("pk", Some(s(event.subject.to_string()))),
        ("sk", Some(s(id.as_str()))),
        ("action", Some(s(event.action.of(&event.portal)))),
        ("resource_type", Some(s(event.target.kind()))),
        ("resource_id", Some(s(event.target.id()))),
        ("metadata", Some(AttributeValue::M(metadata))),
        ("ip", Some(s(&event.client.ip))),
        ("user_agent", Some(s(&event.client.user_agent))),
        ("severity", Some(s(event.action.severity()))),
        ("at", Some(n(event.at.millis()))),
        ("expires_at", Some(n(event.expires_at.secs()))),
    ])
}

impl Store {
    /// Returns the put of a new record, for the transaction of the operation that it records.
    pub(in crate::store) fn audit_record(&self, event: &AuditEvent) -> Put {
        put_new(&self.tables.audit, to_item(event, &self.record_id(event)))
    }

    pub(super) fn record_id(&self, event: &AuditEvent) -> RecordId {
        RecordId::new(event.at, self.random.bytes())
    }
}

pub(super) fn from_item(item: &Item) -> Option<AuditRecord> {
    let metadata = item.get("metadata")?.as_m().ok()?;
    Some(AuditRecord {
        action: text(item, "action")?.to_owned(),
        target: (
            text(item, "resource_type")?.to_owned(),
            text(item, "resource_id")?.to_owned(),
        ),
        metadata: metadata
            .keys()
            .filter_map(|name| Some((name.clone(), text(metadata, name)?.to_owned())))
            .collect(),
        client: ClientInfo {
            ip: text(item, "ip")?.to_owned(),
            user_agent: text(item, "user_agent")?.to_owned(),
        },
        at: moment(item, "at")?,
    })
}
