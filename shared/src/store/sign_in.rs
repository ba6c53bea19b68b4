//! Signing in with a password (promise 1): the same calls for every address until the password
//! turns out right.

use super::transaction::Transaction;
use crate::domain::address::EmailAddress;
use crate::domain::audit::AuditEvent;
use crate::domain::ids::UserId;
use crate::domain::password::hash::PasswordHash;
use crate::domain::rate_limit::RateLimit;
use crate::domain::session::{Session, SessionKey};
use crate::domain::time::Timestamp;
use crate::domain::user::{Status, User};
use crate::store::item::{n, put_new, s};
use crate::store::sessions::session_item;
use crate::store::transaction::TransactionError;
use crate::store::users::user_item;
use crate::store::{CountError, Store, Unavailable};
use crate::store::{audit, rate_limits};
use aws_sdk_dynamodb::types::Update;

/// What an attempt is counted by.
pub struct PasswordLimits<'a> {
    /// Attempts for one address in a while, whatever comes of them.
    pub attempts: &'a RateLimit,
    /// Wrong ones in a row for one address: counted up only, and void once she has signed in by
    /// whatever means.
    pub in_a_row: &'a RateLimit,
    /// Wrong ones from one network in a while.
    pub network: &'a RateLimit,
}

/// What is known of an address before its password is.
pub struct PasswordAttempt {
    account: Option<Account>,
    /// How many wrong ones there have been in a row, and since which sign-in.
    in_a_row: (u64, u64),
    /// Whether that is too many: no password is right then.
    pub capped: bool,
}

struct Account {
    user: User,
    password: Option<PasswordHash>,
    /// How often she has signed in.
    sign_ins: u64,
}

/// A right password, and the session it gives.
pub struct PasswordSignIn<'a> {
    /// Who signs in.
    pub user: &'a User,
    /// The hash that was verified.
    pub verified: &'a PasswordHash,
    /// The hash that is to be there from now on: the same, or one with today's parameters.
    pub password: &'a PasswordHash,
    /// The session; its `created_at` is now.
    pub session: &'a Session,
    /// The session that ends with it: this browser's, if it had one.
    pub replaces: Option<&'a SessionKey>,
    /// What is written down.
    pub event: &'a AuditEvent,
}

impl PasswordAttempt {
    /// The user, where there is one who may sign in.
    pub fn active_user(&self) -> Option<&User> {
        self.account
            .as_ref()
            .map(|account| &account.user)
            .filter(|user| user.status == Status::Active)
    }

    /// The hash that the password is to be verified against.
    pub fn password(&self) -> Option<&PasswordHash> {
        self.account.as_ref()?.password.as_ref()
    }

    fn sign_ins(&self) -> u64 {
        self.account.as_ref().map_or(0, |account| account.sign_ins)
    }
}

impl Store {
    /// Counts an attempt at `address`, and says what is known of it. For an address that nobody
    /// has, a user who never exists is read.
    ///
    /// Costs 1 update beside 1 consistent batch of 3 reads, then 1 consistent read.
    ///
    /// # Errors
    /// [`CountError`].
    pub async fn begin_password_attempt(
        &self,
        address: &EmailAddress,
        counts: &PasswordLimits<'_>,
        now: Timestamp,
    ) -> Result<PasswordAttempt, CountError> {
        let rows =
            [counts.in_a_row, counts.network].map(|throttle| rate_limits::key(throttle, now));
        let keys = [
            (&self.tables.users, vec![user_item::claim_key(address)]),
            (&self.tables.rate_limits, rows.to_vec()),
        ];
        let (counted, found) = tokio::join!(
            self.count("begin_password_attempt", counts.attempts, now),
            self.read_together("begin_password_attempt", keys)
        );
        let (counted, found) = (counted?, found?);
        let counters = found
            .get(&self.tables.rate_limits)
            .map(Vec::as_slice)
            .unwrap_or_default();
        if !counted {
            return Err(CountError::RateLimited {
                retry_after: counts.attempts.ends_at(now).since(now),
            });
        }
        if rate_limits::counted(counters, counts.network, now) >= counts.network.limit {
            return Err(CountError::RateLimited {
                retry_after: counts.network.ends_at(now).since(now),
            });
        }
        let claim = found
            .get(&self.tables.users)
            .and_then(|claims| claims.first());
        let id = claim.map_or_else(|| Some(UserId::nobody()), user_item::claimed_by);
        let account = self
            .account(&id.ok_or_else(|| Unavailable::unreadable("users"))?)
            .await?;
        let in_a_row = rate_limits::in_a_row(counters, counts.in_a_row, now);
        let mut known = PasswordAttempt {
            account,
            in_a_row,
            capped: false,
        };
        known.capped = in_a_row.1 == known.sign_ins() && in_a_row.0 >= counts.in_a_row.limit;
        Ok(known)
    }

    /// Writes a wrong attempt down: the same three writes for every address.
    ///
    /// Costs 1 put and 2 updates side by side.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn record_failed_sign_in(
        &self,
        known: &PasswordAttempt,
        counts: &PasswordLimits<'_>,
        event: &AuditEvent,
    ) -> Result<(), Unavailable> {
        let row = self
            .client
            .update_item()
            .table_name(&self.tables.rate_limits);
        let row = rate_limits::one_more_in_a_row(
            row,
            counts.in_a_row,
            (known.in_a_row.1, known.sign_ins()),
            event.at,
        );
        let (written, in_a_row, network) = tokio::join!(
            self.put(
                "record_failed_sign_in",
                audit::put(event, &self.tables.audit, self.random.bytes())
            ),
            self.update("record_failed_sign_in", row),
            self.count("record_failed_sign_in", counts.network, event.at),
        );
        // The last ones of a network may pass its limit together: its count stays at the limit.
        let _at_the_limit = network?;
        written?;
        in_a_row.map(|_counted| ())
    }

    /// Signs in: the session, the audit and the user's row together, and only while she is active,
    /// of the epoch of the session, and has the very hash that was verified: a reset that lands
    /// meanwhile wins. `false` when it has.
    ///
    /// Costs 1 transaction of 1 update and 2 puts, and 1 delete where a session is replaced.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn complete_sign_in(&self, right: &PasswordSignIn<'_>) -> Result<bool, Unavailable> {
        let writes = Transaction::new()
            .update((), self.signed_in_with(right))
            .put(
                (),
                put_new(&self.tables.sessions, session_item::to_item(right.session)),
            )
            .put(
                (),
                audit::put(right.event, &self.tables.audit, self.random.bytes()),
            );
        let writes = right.replaces.iter().fold(writes, |writes, session| {
            writes.delete((), session_item::delete(&self.tables.sessions, session))
        });
        match writes.commit(self, "complete_sign_in").await {
            Ok(()) => Ok(true),
            Err(TransactionError::Conditions(_)) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }

    fn signed_in_with(&self, right: &PasswordSignIn<'_>) -> Update {
        #[expect(clippy::expect_used, reason = "every required field is set")]
        Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(user_item::user_key(&right.user.id)))
            .update_expression("SET last_sign_in_at = :now, password = :password ADD sign_ins :one")
            .condition_expression(
                "attribute_exists(pk) AND #status = :active AND epoch = :epoch AND password = :verified \
                 AND address = :address",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":now", n(right.session.created_at.millis()))
            .expression_attribute_values(":password", s(right.password.as_str()))
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":active", s(Status::Active.as_str()))
            .expression_attribute_values(":epoch", n(right.session.epoch.get()))
            .expression_attribute_values(":verified", s(right.verified.as_str()))
            .expression_attribute_values(":address", s(right.user.address.as_str()))
            .build()
            .expect("a whole update")
    }

    async fn account(&self, id: &UserId) -> Result<Option<Account>, Unavailable> {
        let Some(item) = self.user_item(id).await? else {
            return Ok(None);
        };
        let user = user_item::from_item(&item).ok_or_else(|| Unavailable::unreadable("users"))?;
        Ok(Some(Account {
            user,
            password: user_item::password(&item),
            sign_ins: user_item::sign_ins(&item),
        }))
    }
}
