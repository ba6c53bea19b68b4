//! Histories: rows under one partition key whose sort keys are [`RecordId`]s, read page by page
//! from the newest to the oldest.

use crate::domain::ids::RecordId;
use crate::store::item::{Item, s, text};
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;

/// The records of a history to read.
#[derive(Clone, Debug)]
pub struct HistoryRange {
    /// The smallest id, of the oldest record.
    pub from: RecordId,
    /// The largest id, of the newest record.
    pub until: RecordId,
    /// The number of records on a page.
    pub limit: u8,
}

impl HistoryRange {
    /// Returns the range of all records.
    pub fn newest(limit: u8) -> Self {
        Self {
            from: RecordId::first(),
            until: RecordId::last(),
            limit,
        }
    }
}

/// Records of one history, or of several, newest first.
pub struct HistoryPage<T> {
    records: Vec<(RecordId, T)>,
    /// The record that DynamoDB stopped at, if there may be older ones.
    stopped_at: Option<RecordId>,
}

impl<T> HistoryPage<T> {
    /// Adds the records of another history of the same range.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.records.extend(other.records);
        self.records.sort_by(|(a, _), (b, _)| b.cmp(a));
        self.stopped_at = self.stopped_at.max(other.stopped_at);
        self
    }

    /// Returns all records that were read.
    pub fn into_records(self) -> Vec<T> {
        self.records.into_iter().map(|(_, record)| record).collect()
    }

    /// Returns at most `limit` records, and the `until` of the next page if there may be more. The
    /// next page begins with the record that DynamoDB stopped at: another history may have records
    /// between it and those that were read.
    pub fn cut(mut self, limit: u8) -> (Vec<T>, Option<RecordId>) {
        if let Some(stopped_at) = &self.stopped_at {
            self.records.retain(|(id, _)| id > stopped_at);
        }
        let limit = usize::from(limit);
        let first_left = self.records.get(limit).map(|(id, _)| id.clone());
        let records = self.records.into_iter().take(limit);
        (
            records.map(|(_, record)| record).collect(),
            first_left.or(self.stopped_at),
        )
    }
}

impl Store {
    /// Sends a query of a partition for the records of `range`, at most `limit`.
    pub(super) async fn query_history<T>(
        &self,
        operation: &'static str,
        table: &'static str,
        query: QueryInputBuilder,
        (range, limit): (&HistoryRange, i32),
        read: impl Fn(&Item) -> Option<T>,
    ) -> Result<HistoryPage<T>, Unavailable> {
        let query = query
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :until")
            .expression_attribute_values(":from", s(range.from.as_str()))
            .expression_attribute_values(":until", s(range.until.as_str()))
            .scan_index_forward(false)
            .limit(limit);
        let page = self.query(operation, query).await?;
        let id = |item| Some(RecordId::from_stored(text(item, "sk")?.to_owned()));
        let items = page.items().iter();
        let records: Option<_> = items.map(|item| Some((id(item)?, read(item)?))).collect();
        Ok(HistoryPage {
            records: records.ok_or_else(|| Unavailable::unreadable(table))?,
            stopped_at: page.last_evaluated_key().and_then(id),
        })
    }
}
