//! Enqueues an email that somebody has requested (promise 1).

use crate::domain::email::OutboxEntry;
use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::{CountError, Store};

#[derive(Clone, Copy, PartialEq)]
enum Write {
    /// A count within a window that ends at this time.
    RateLimit(Timestamp),
    Email,
}

impl Store {
    /// Counts the request within all `limits` and adds the email to the outbox, together or not at
    /// all: the same writes for every address, whether or not a user has it.
    ///
    /// Costs 1 transaction of 1 update for each limit and 1 put.
    ///
    /// # Errors
    /// Fails with [`CountError::RateLimited`] if a limit is reached, and with
    /// [`CountError::Unavailable`] if the store cannot be reached.
    pub async fn enqueue_email(
        &self,
        entry: &OutboxEntry,
        limits: &[RateLimit],
    ) -> Result<(), CountError> {
        let now = entry.requested_at;
        let counts = limits.iter().map(|limit| {
            (
                Write::RateLimit(limit.ends_at(now)),
                self.increment(limit, now),
            )
        });
        let writes = Transaction::new()
            .updates(counts)
            .put(Write::Email, self.queued_email(entry));
        match writes.commit(self, "enqueue_email").await {
            Ok(()) => Ok(()),
            Err(TransactionError::Conditions(failed)) => {
                Err(count_error(failed.into_iter().map(|(write, _)| write), now))
            }
            Err(TransactionError::Conflict | TransactionError::Unavailable) => {
                Err(CountError::Unavailable)
            }
        }
    }
}

/// Returns the error of the exhausted limit whose window ends last.
fn count_error(failed: impl Iterator<Item = Write>, now: Timestamp) -> CountError {
    let ends = failed.filter_map(|write| match write {
        Write::RateLimit(ends_at) => Some(ends_at),
        Write::Email => None,
    });
    ends.max().map_or(CountError::Unavailable, |end| {
        CountError::exhausted_until(end, now)
    })
}
