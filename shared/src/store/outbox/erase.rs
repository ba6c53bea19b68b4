//! Erases the emails to an address, with their links.

use crate::domain::ids::{KeyedHash, RecordId};
use crate::domain::time::Timestamp;
use crate::store::item::s;
use crate::store::links::link_item;
use crate::store::outbox::outbox_item;
use crate::store::write::BATCH;
use crate::store::{Store, Unavailable};
use std::collections::HashSet;
use std::time::Duration;

impl Store {
    /// Erases a page of the emails to an address that were requested until `until`, and the links
    /// in them: later ones belong to the next user who has it. Returns `false` if there was none
    /// left.
    ///
    /// Costs 1 query and 2 batches of at most 25 deletes.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn erase_emails(
        &self,
        to: &KeyedHash,
        until: Timestamp,
    ) -> Result<bool, Unavailable> {
        let end = RecordId::first_at(until.plus(Duration::from_millis(1)));
        let query = Self::query_partition(&self.tables.emails, &to.to_string())
            .key_condition_expression("pk = :pk AND sk < :end")
            .expression_attribute_values(":end", s(end.as_str()));
        let items = self.last_items("erase_emails", query, BATCH).await?;
        let links: HashSet<_> = items.iter().filter_map(outbox_item::link_of).collect();
        let links = links.iter().map(link_item::key).collect();
        // First the links: the emails lead to those that are left after a failure.
        self.delete_items("erase_emails", &self.tables.links, links)
            .await?;
        let keys = items
            .iter()
            .filter_map(outbox_item::key_of)
            .map(|key| outbox_item::key(&key))
            .collect();
        self.delete_items("erase_emails", &self.tables.emails, keys)
            .await
    }
}
