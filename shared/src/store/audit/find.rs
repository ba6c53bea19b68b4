//! Finds the records of a subject that match a filter.

use crate::domain::audit::{AuditRecord, Subject};
use crate::store::audit::{EventFilter, audit_item};
use crate::store::{Store, Unavailable};

impl Store {
    /// Returns all records of `subject` that match `filter`, newest first.
    ///
    /// Costs 1 query for each megabyte of the subject's records.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a record cannot be read.
    pub async fn find_events(
        &self,
        subject: &Subject,
        filter: EventFilter<'_>,
    ) -> Result<Vec<AuditRecord>, Unavailable> {
        let query = Self::query_partition(&self.tables.audit, &subject.to_string())
            .scan_index_forward(false);
        let items = self.all_items("find_events", filter.apply(query)).await?;
        let records: Option<_> = items.iter().map(audit_item::from_item).collect();
        records.ok_or_else(|| Unavailable::unreadable("audit"))
    }
}
