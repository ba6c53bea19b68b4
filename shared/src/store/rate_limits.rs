//! The `rate-limits` table: counters under `scope#key#window`. TTL removes them a day after the end
//! of their window.

use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;
use crate::store::expression::Expression;
use crate::store::item::{Item, item, n, number, s};
use crate::store::{Store, Unavailable};
use std::time::Duration;

/// The reason that nothing was counted or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountError {
    /// A rate limit is exhausted.
    RateLimited {
        /// Time until the window ends in which it was exhausted.
        retry_after: Duration,
    },
    /// The store could not be reached.
    Unavailable,
}

impl CountError {
    /// Returns the error of a limit whose window ends at `end`.
    pub(in crate::store) const fn exhausted_until(end: Timestamp, now: Timestamp) -> Self {
        let retry_after = end.since(now);
        Self::RateLimited { retry_after }
    }
}

impl From<Unavailable> for CountError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl Store {
    /// Returns the expression that counts once more, on condition that the limit is not reached.
    pub(in crate::store) fn increment(&self, limit: &RateLimit, now: Timestamp) -> Expression {
        self.rate_limit_row(limit, now)
            .add("#count :one")
            .set("expires_at = :expires_at")
            .when("attribute_not_exists(#count) OR #count < :limit")
            .names([("#count", "count")])
            .values([
                (":one", n(1)),
                (":limit", n(limit.limit)),
                (":expires_at", n(limit.expires_at(now).secs())),
            ])
    }

    /// Counts once more, outside of a transaction: concurrent counts queue up and do not conflict.
    /// Returns `false` if the limit is reached.
    pub(in crate::store) async fn count(
        &self,
        operation: &'static str,
        limit: &RateLimit,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        self.update(operation, self.increment(limit, now)).await
    }

    /// Returns whether the limit is reached.
    ///
    /// Costs 1 strongly consistent read.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn is_reached(&self, limit: &RateLimit, now: Timestamp) -> Result<bool, Unavailable> {
        let row = self
            .read_item("is_reached", &self.tables.rate_limits, key(limit, now))
            .await?;
        let count = row.and_then(|row| number(&row, "count"));
        Ok(count.unwrap_or_default() >= limit.limit)
    }

    /// Counts once more as [`Store::count`] does. Returns how often may be counted after that, or
    /// `None` if the limit is reached.
    pub(in crate::store) async fn count_down(
        &self,
        operation: &'static str,
        limit: &RateLimit,
        now: Timestamp,
    ) -> Result<Option<u64>, Unavailable> {
        let counted = self.increment(limit, now);
        let counted = self.update_and_return(operation, counted).await?;
        let left = |counted| {
            let count = number(&counted, "count").unwrap_or(limit.limit);
            limit.limit.saturating_sub(count)
        };
        Ok(counted.ok().map(left))
    }

    pub(in crate::store) fn rate_limit_row(&self, limit: &RateLimit, now: Timestamp) -> Expression {
        Expression::on(&self.tables.rate_limits, key(limit, now))
    }
}

fn key(limit: &RateLimit, now: Timestamp) -> Item {
    item([("pk", Some(s(limit.item_key(now))))])
}
