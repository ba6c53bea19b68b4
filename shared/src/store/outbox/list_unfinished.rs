//! Lists the emails that the sweep takes up.

use crate::domain::email::OutboxKey;
use crate::domain::time::Timestamp;
use crate::store::item::{n, s};
use crate::store::outbox::outbox_item;
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::operation::query::QueryInput;
use futures_util::future::try_join_all;

impl Store {
    /// Returns the keys of the unfinished emails that are due at `now`, and at most some megabytes
    /// of them: of each part of the index those that have been due longest. An email is due 30 s
    /// after its request, which leaves newer ones to the stream, or when the window begins that it
    /// waits for.
    ///
    /// Costs 4 concurrent queries of the sparse index, which is eventually consistent.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a key cannot be read.
    pub async fn list_unfinished_emails(
        &self,
        now: Timestamp,
    ) -> Result<Vec<OutboxKey>, Unavailable> {
        let queries = outbox_item::UNFINISHED.map(|value| self.query_unfinished(value, now));
        Ok(try_join_all(queries).await?.concat())
    }

    async fn query_unfinished(
        &self,
        unfinished: &str,
        now: Timestamp,
    ) -> Result<Vec<OutboxKey>, Unavailable> {
        let query = QueryInput::builder()
            .table_name(&self.tables.emails)
            .index_name("unfinished")
            .key_condition_expression("unfinished = :email AND due_at < :now")
            .expression_attribute_values(":email", s(unfinished))
            .expression_attribute_values(":now", n(now.millis()));
        let page = self.query("list_unfinished_emails", query).await?;
        let keys: Option<_> = page.items().iter().map(outbox_item::key_of).collect();
        keys.ok_or_else(|| Unavailable::unreadable("emails"))
    }
}
