//! Lists the newest emails to an address.

use crate::domain::email::DeliveryRecord;
use crate::domain::ids::KeyedHash;
use crate::store::outbox::outbox_item;
use crate::store::read::last_items;
use crate::store::{Store, Unavailable};

impl Store {
    /// Returns the newest emails to an address, newest first, at most `limit`.
    ///
    /// Costs 1 query.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a row cannot be read.
    pub async fn list_emails(
        &self,
        to: &KeyedHash,
        limit: u8,
    ) -> Result<Vec<DeliveryRecord>, Unavailable> {
        let query = self.query_partition(&self.tables.emails, &to.to_string());
        let items = last_items("list_emails", query, limit).await?;
        let records: Option<_> = items.iter().map(outbox_item::delivery).collect();
        records.ok_or_else(|| Unavailable::unreadable("emails"))
    }
}
