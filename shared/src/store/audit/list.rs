//! Lists the newest records of a subject.

use crate::domain::audit::{AuditRecord, Subject};
use crate::store::audit::audit_item;
use crate::store::read::last_items;
use crate::store::{Store, Unavailable};

impl Store {
    /// Returns the newest records of `subject`, newest first, at most `limit`.
    ///
    /// Costs 1 query.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a record cannot be read.
    pub async fn list_events(
        &self,
        subject: &Subject,
        limit: u8,
    ) -> Result<Vec<AuditRecord>, Unavailable> {
        let query = self.query_partition(&self.tables.audit, &subject.to_string());
        let items = last_items("list_events", query, limit).await?;
        let records: Option<_> = items.iter().map(audit_item::from_item).collect();
        records.ok_or_else(|| Unavailable::unreadable("audit"))
    }
}
