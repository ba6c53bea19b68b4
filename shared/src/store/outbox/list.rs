//! Lists the emails to an address, newest first.

use crate::domain::email::DeliveryRecord;
use crate::domain::ids::KeyedHash;
use crate::store::history::{HistoryPage, HistoryRange};
use crate::store::outbox::outbox_item;
use crate::store::{Store, Unavailable};

impl Store {
    /// Returns emails to an address.
    ///
    /// Costs 1 query.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a row cannot be read.
    pub async fn list_emails(
        &self,
        to: &KeyedHash,
        range: &HistoryRange,
    ) -> Result<HistoryPage<DeliveryRecord>, Unavailable> {
        let query = Self::query_partition(&self.tables.emails, &to.to_string());
        let range = (range, i32::from(range.limit) + 1);
        self.query_history("list_emails", "emails", query, range, outbox_item::delivery)
            .await
    }
}
