//! Asking for a mail (promise 1).

use crate::domain::email::OutboxEntry;
use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;
use crate::store::item::put_new;
use crate::store::outbox::outbox_item;
use crate::store::rate_limits;
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::{CountError, Store};
use std::time::Duration;

#[derive(Clone, Copy, PartialEq)]
enum Write {
    RateLimit(Timestamp),
    Outbox,
}

impl Store {
    /// Counts in all `throttles` and appends `mail` to the outbox, together or not at all. Nobody
    /// looks whether the address is known: the same writes for any.
    ///
    /// Costs 1 transaction of the throttles and 1 put.
    ///
    /// # Errors
    /// [`CountError`].
    pub async fn enqueue_email(
        &self,
        mail: &OutboxEntry,
        throttles: &[RateLimit],
        kept: Duration,
    ) -> Result<(), CountError> {
        let now = mail.requested_at;
        let counting = throttles
            .iter()
            .fold(Transaction::new(), |writes, throttle| {
                let count = rate_limits::count(&self.tables.rate_limits, throttle, now);
                writes.update(Write::RateLimit(throttle.ends_at(now)), count)
            });
        let outbox = put_new(
            &self.tables.emails,
            outbox_item::queued(mail, now.plus(kept)),
        );
        match counting
            .put(Write::Outbox, outbox)
            .commit(self, "enqueue_email")
            .await
        {
            Ok(()) => Ok(()),
            Err(TransactionError::Conditions(failed)) => {
                Err(limited(failed.into_iter().map(|(write, _)| write), now))
            }
            Err(TransactionError::Conflict | TransactionError::Unavailable) => {
                Err(CountError::Unavailable)
            }
        }
    }
}

/// Returns when the last of the exhausted rate limits opens again, counted from `now`.
fn limited(failed: impl Iterator<Item = Write>, now: Timestamp) -> CountError {
    let ends = failed.filter_map(|write| match write {
        Write::RateLimit(ends_at) => Some(ends_at),
        Write::Outbox => None,
    });
    ends.max()
        .map_or(CountError::Unavailable, |end| CountError::RateLimited {
            retry_after: end.since(now),
        })
}
