//! Lists the emails that the sweep takes up.

use crate::domain::email::OutboxKey;
use crate::domain::ids::RecordId;
use crate::domain::time::Timestamp;
use crate::store::item::s;
use crate::store::outbox::{LEASE, outbox_item};
use crate::store::{Store, Unavailable};
use std::time::Duration;

/// The age from which an unfinished email is listed: newer ones are left to the stream.
const MIN_AGE: Duration = LEASE;

impl Store {
    /// Returns the keys of the unfinished emails that were requested at least 30 s before `now`,
    /// oldest first, and at most a megabyte of them.
    ///
    /// Costs 1 query of the sparse index, which is eventually consistent.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a key cannot be read.
    pub async fn list_unfinished_emails(
        &self,
        now: Timestamp,
    ) -> Result<Vec<OutboxKey>, Unavailable> {
        let before = RecordId::first_at(now.minus(MIN_AGE));
        let query = self
            .client
            .query()
            .table_name(&self.tables.emails)
            .index_name("unfinished")
            .key_condition_expression("unfinished = :email AND sk < :before")
            .expression_attribute_values(":email", s("email"))
            .expression_attribute_values(":before", s(before.as_str()));
        let page = query
            .send()
            .await
            .map_err(|error| Unavailable::because("list_unfinished_emails", &error))?;
        let keys: Option<_> = page.items().iter().map(outbox_item::key_of).collect();
        keys.ok_or_else(|| Unavailable::unreadable("emails"))
    }
}
