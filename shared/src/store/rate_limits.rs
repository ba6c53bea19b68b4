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

    /// Returns the end of the window if all of the `limits` are reached together. There are at
    /// most 100 of them.
    ///
    /// Costs 1 strongly consistent batch of 1 read for each limit.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn reached_until(
        &self,
        limits: &[RateLimit],
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Unavailable> {
        let keys = limits.iter().map(|limit| key(limit, now)).collect();
        let read = self.read_items("reached_until", [(&self.tables.rate_limits, keys)]);
        let [rows] = read.await?;
        let counted: u64 = rows.iter().filter_map(|row| number(row, "count")).sum();
        let is_reached = counted >= limits.iter().map(|limit| limit.limit).sum();
        let ends = limits.iter().map(|limit| limit.ends_at(now));
        Ok(ends.max().filter(|_| is_reached))
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
