//! The events that invoke the mailer, and its response to them.

use serde::{Deserialize, Serialize};
use shared::domain::email::OutboxKey;
use shared::domain::ids::{KeyedHash, RecordId};

#[derive(Deserialize)]
pub enum Event {
    /// A batch of the stream of the `emails` table. Only keys are read from it: the row itself says
    /// what remains to be done.
    Records(Vec<Record>),
    /// `{"Sweep": {}}`, sent by the schedule.
    Sweep {},
}

/// A record of the stream.
#[derive(Deserialize)]
pub struct Record {
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    keys: Keys,
    sequence_number: String,
}

#[derive(Deserialize)]
struct Keys {
    pk: Text,
    sk: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    s: String,
}

impl Record {
    /// Returns the key of the row that changed, or `None` if it is not a key of the outbox.
    pub(crate) fn key(&self) -> Option<OutboxKey> {
        let keys = &self.dynamodb.keys;
        Some(OutboxKey {
            to: KeyedHash::parse(&keys.pk.s)?,
            id: RecordId::from_stored(keys.sk.s.clone()),
        })
    }
}

/// Names the records that the stream must deliver again.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    batch_item_failures: Vec<Failure>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl BatchResponse {
    pub(crate) fn deliver_again(&mut self, record: Record) {
        self.batch_item_failures.push(Failure {
            item_identifier: record.dynamodb.sequence_number,
        });
    }
}
