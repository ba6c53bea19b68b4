//! Enqueues an email that somebody has requested (promise 1).

use crate::domain::email::OutboxEntry;
use crate::domain::ids::{IdempotencyKeyHash, KeyedHash};
use crate::domain::link::REPLAY_WINDOW;
use crate::domain::rate_limit::{RateLimit, RateLimitScope};
use crate::domain::time::{HOUR, MINUTE, Timestamp};
use crate::store::expression::Expression;
use crate::store::item::{Item, moment, n, number};
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::{CountError, Store};

/// The visible limits on a request, which count what its client alone has requested.
pub struct EmailRequestLimits {
    /// The client, the address and the kind of email.
    pub key: KeyedHash,
    pub per_minute: u64,
    pub per_hour: u64,
    /// The limit of the network, unless the client is a known browser.
    pub network: Option<RateLimit>,
    /// Identifies the view of the form, or the client's attempt.
    pub idempotency_key: IdempotencyKeyHash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnqueueOutcome {
    Enqueued,
    /// The same client requested this email at this time, within the replay window, under the same
    /// idempotency key. Nothing was written.
    Repeated(Timestamp),
}

#[derive(Clone, Copy, PartialEq)]
enum Write {
    Requests,
    /// The requests of the hour before.
    EarlierRequests,
    Network,
    Email,
}

impl EmailRequestLimits {
    fn requests(&self) -> RateLimit {
        RateLimit::every(HOUR, RateLimitScope::Requests, self.key, self.per_hour)
    }

    /// Returns the name of the attribute that holds the time of the request under this key.
    fn key_attribute(&self) -> String {
        format!("key-{}", self.idempotency_key)
    }
}

impl Store {
    /// Counts the request within all `limits` and adds the email to the outbox, together or not at
    /// all: the same writes for every address, whether or not a user has it. A request that repeats
    /// another one adds nothing.
    ///
    /// Costs 1 transaction of 1 update, 1 put, 1 update for the network, and in the first minute of
    /// an hour 1 condition check.
    ///
    /// # Errors
    /// Fails with [`CountError::RateLimited`] if a limit is reached, and with
    /// [`CountError::Unavailable`] if the store cannot be reached.
    pub async fn enqueue_email(
        &self,
        entry: &OutboxEntry,
        limits: &EmailRequestLimits,
    ) -> Result<EnqueueOutcome, CountError> {
        let now = entry.requested_at;
        let network = limits.network.as_ref();
        let mut writes = Transaction::new()
            .update(Write::Requests, self.counted_request(limits, now))
            .put(Write::Email, self.queued_email(entry))
            .updates(network.map(|limit| (Write::Network, self.increment(limit, now))));
        if now.secs() % HOUR.as_secs() <= REPLAY_WINDOW.as_secs() {
            let earlier = self.unrepeated_request(limits, now);
            writes = writes.check(Write::EarlierRequests, earlier);
        }
        match writes.commit(self, "enqueue_email").await {
            Ok(()) => Ok(EnqueueOutcome::Enqueued),
            Err(TransactionError::Conditions(failed)) => explain_failure(&failed, limits, now),
            Err(TransactionError::Conflict | TransactionError::Unavailable) => {
                Err(CountError::Unavailable)
            }
        }
    }

    /// Returns the update that counts the request within its hour and minute, and remembers its
    /// key, on condition that neither limit is reached and the request repeats no other.
    fn counted_request(&self, limits: &EmailRequestLimits, now: Timestamp) -> Expression {
        let requests = limits.requests();
        self.rate_limit_row(&requests, now)
            .set("#key = :now, expires_at = :expires_at")
            .add("#count :one, #minute :one")
            .when(
                "(attribute_not_exists(#count) OR #count < :per_hour) \
                 AND (attribute_not_exists(#minute) OR #minute < :per_minute) \
                 AND (attribute_not_exists(#key) OR #key < :replayable_since)",
            )
            .names([("#count", "count"), ("#minute", &minute_attribute(now))])
            .names([("#key", &limits.key_attribute())])
            .values([
                (":now", n(now.millis())),
                (":one", n(1)),
                (":per_hour", n(limits.per_hour)),
                (":per_minute", n(limits.per_minute)),
                (":replayable_since", n(now.minus(REPLAY_WINDOW).millis())),
                (":expires_at", n(requests.expires_at(now).secs())),
            ])
            .returning_old_item()
    }

    /// Returns the check that the request repeats none of the hour before.
    fn unrepeated_request(&self, limits: &EmailRequestLimits, now: Timestamp) -> Expression {
        self.rate_limit_row(&limits.requests(), now.minus(HOUR))
            .when("attribute_not_exists(#key) OR #key < :replayable_since")
            .names([("#key", &limits.key_attribute())])
            .values([(":replayable_since", n(now.minus(REPLAY_WINDOW).millis()))])
            .returning_old_item()
    }
}

/// Returns the name of the attribute that counts the requests of this minute of the hour.
fn minute_attribute(now: Timestamp) -> String {
    format!("minute-{}", now.secs() / MINUTE.as_secs() % 60)
}

/// Explains the failed conditions: the request repeats another one, or a limit is reached.
fn explain_failure(
    failed: &[(Write, Option<Item>)],
    limits: &EmailRequestLimits,
    now: Timestamp,
) -> Result<EnqueueOutcome, CountError> {
    let repeated = failed.iter().find_map(|(_, row)| {
        let requested_at = moment(row.as_ref()?, &limits.key_attribute())?;
        (now.since(requested_at) <= REPLAY_WINDOW).then_some(requested_at)
    });
    if let Some(requested_at) = repeated {
        return Ok(EnqueueOutcome::Repeated(requested_at));
    }
    let ends = failed.iter().filter_map(|(write, row)| match write {
        Write::Requests => Some(window_end(row.as_ref()?, limits, now)),
        Write::Network => Some(limits.network.as_ref()?.ends_at(now)),
        Write::EarlierRequests | Write::Email => None,
    });
    Err(ends.max().map_or(CountError::Unavailable, |end| {
        CountError::exhausted_until(end, now)
    }))
}

/// Returns the end of the hour or the minute whose limit is reached.
fn window_end(requests: &Item, limits: &EmailRequestLimits, now: Timestamp) -> Timestamp {
    if number(requests, "count").unwrap_or_default() >= limits.per_hour {
        return limits.requests().ends_at(now);
    }
    Timestamp::from_secs((now.secs() / MINUTE.as_secs() + 1) * MINUTE.as_secs())
}
