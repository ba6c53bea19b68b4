//! Finds the records of a subject that match a filter.

use crate::domain::audit::{AuditRecord, Subject};
use crate::store::audit::audit_item;
use crate::store::item::s;
use crate::store::read::all_items;
use crate::store::{Store, Unavailable};

/// The condition that a record must meet.
#[derive(Clone, Copy, Debug)]
pub enum EventFilter<'a> {
    /// The stored action is this one, such as `partner.login`.
    Action(&'a str),
    /// The metadata has an entry of this name.
    Metadata(&'a str),
}

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
        let query = self
            .query_partition(&self.tables.audit, &subject.to_string())
            .scan_index_forward(false);
        let query = match filter {
            EventFilter::Action(action) => query
                .filter_expression("#action = :action")
                .expression_attribute_names("#action", "action")
                .expression_attribute_values(":action", s(action)),
            EventFilter::Metadata(name) => query
                .filter_expression("attribute_exists(#metadata.#name)")
                .expression_attribute_names("#metadata", "metadata")
                .expression_attribute_names("#name", name),
        };
        let items = all_items("find_events", query).await?;
        let records: Option<_> = items.iter().map(audit_item::from_item).collect();
        records.ok_or_else(|| Unavailable::unreadable("audit"))
    }
}
