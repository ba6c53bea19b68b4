//! An email with what has become of it, as the delivery log says.

use crate::inbox::ReceivedEmail;
use serde::Serialize;
use shared::domain::email::{DeliveryRecord, OutboxKey, TAG};
use shared::store::{HistoryRange, Store};

#[derive(Serialize)]
pub(super) struct ShownEmail {
    #[serde(flatten)]
    pub(super) email: ReceivedEmail,
    /// The status in the delivery log, such as `delivered`.
    pub(super) status: String,
    /// The reason for the status, where it has one: the words of a remote server, for example.
    pub(super) reason: Option<String>,
}

impl ShownEmail {
    /// Looks up what has become of an email. Without a row, its user was erased.
    pub(super) async fn find(store: &Store, email: ReceivedEmail) -> Self {
        let record = record(store, &email).await;
        let status = record.as_ref().map_or("erased", DeliveryRecord::status);
        let reason = record.as_ref().and_then(DeliveryRecord::reason);
        Self {
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
            email,
        }
    }

    /// Returns a text that changes with what is shown.
    pub(super) fn state(&self) -> String {
        format!("{}\n{:?}\n", self.status, self.reason)
    }
}

async fn record(store: &Store, email: &ReceivedEmail) -> Option<DeliveryRecord> {
    let key = OutboxKey::from_tag(email.tags.get(TAG)?)?;
    let range = HistoryRange {
        from: key.id.clone(),
        until: key.id,
        limit: 1,
    };
    let found = store.list_emails(&key.to, &range).await.ok()?;
    found.into_records().into_iter().next()
}
