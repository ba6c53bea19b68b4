//! Adds an event of the provider to an email.

use crate::domain::email::{EmailEvent, OutboxKey};
use crate::store::item::{n, s};
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::types::AttributeValue;

/// The maximum number of events of one email: an item has at most 400 kB.
const MAX_EVENTS: u64 = 50;

impl Store {
    /// Adds an event to the email, whatever its status is. Adding it again changes nothing. Stores
    /// the provider's `message_id` where the mailer has not: the email was accepted. Returns
    /// `false` if there is no such email, or if it has 50 other events already.
    ///
    /// Costs 1 update.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn record_email_event(
        &self,
        email: &OutboxKey,
        event: &EmailEvent,
        message_id: &str,
    ) -> Result<bool, Unavailable> {
        let recorded = self
            .email_row(email)
            .set("message_id = if_not_exists(message_id, :message_id)")
            .add("events :events")
            .when(
                "attribute_exists(link_id) \
                 AND (attribute_not_exists(events) OR size(events) < :most \
                      OR contains(events, :event))",
            )
            .values([
                (":message_id", s(message_id)),
                (":events", AttributeValue::Ss(vec![event.to_stored()])),
                (":event", s(event.to_stored())),
                (":most", n(MAX_EVENTS)),
            ]);
        self.update("record_email_event", recorded).await
    }
}
