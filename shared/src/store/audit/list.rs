//! Lists the records of a subject, newest first.

use crate::domain::audit::{AuditRecord, Subject};
use crate::store::audit::{EventFilter, audit_item};
use crate::store::history::{HistoryPage, HistoryRange};
use crate::store::{Store, Unavailable};

/// The number of records that one request with a filter reads.
const SEARCHED: i32 = 1000;

impl Store {
    /// Returns records of `subject`, all or those that match `filter`. With a filter, the page may
    /// have fewer records than the limit although there are more.
    ///
    /// Costs 1 query.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a record cannot be read.
    pub async fn list_events(
        &self,
        subject: &Subject,
        filter: Option<EventFilter<'_>>,
        range: &HistoryRange,
    ) -> Result<HistoryPage<AuditRecord>, Unavailable> {
        let query = Self::query_partition(&self.tables.audit, &subject.to_string());
        let (query, limit) = match filter {
            Some(filter) => (filter.apply(query), SEARCHED),
            None => (query, i32::from(range.limit) + 1),
        };
        let range = (range, limit);
        self.query_history("list_events", "audit", query, range, audit_item::from_item)
            .await
    }
}
