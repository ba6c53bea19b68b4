//! Signing in with a password (promise 1): the same calls for every address until the password
//! turns out right.

use super::items::{audit, n, put_new, s, sessions, throttles, users};
use super::transaction::{Refusal, Transaction};
use super::{Store, Unavailable};
use crate::domain::address::EmailAddress;
use crate::domain::audit::Event;
use crate::domain::hashing::PasswordHash;
use crate::domain::ids::UserId;
use crate::domain::session::{Session, SessionKey};
use crate::domain::throttle::Throttle;
use crate::domain::time::Timestamp;
use crate::domain::user::{Status, User};
use aws_sdk_dynamodb::types::Update;

/// What an attempt is counted by.
pub struct Counts<'a> {
    /// Attempts for one address in a while, whatever comes of them.
    pub attempts: &'a Throttle,
    /// Wrong ones in a row for one address: counted up only, and void once she has signed in by
    /// whatever means.
    pub in_a_row: &'a Throttle,
    /// Wrong ones from one network in a while.
    pub network: &'a Throttle,
}

/// What is known of an address before its password is.
pub struct Known {
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

/// Why nobody was even asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There were too many attempts; again from then on.
    TooMany(Timestamp),
    /// The store could not be asked.
    Unavailable,
}

/// A right password, and the session it gives.
pub struct Right<'a> {
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
    pub event: &'a Event,
}

impl Known {
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
    /// [`Refused`].
    pub async fn attempt(
        &self,
        address: &EmailAddress,
        counts: &Counts<'_>,
        now: Timestamp,
    ) -> Result<Known, Refused> {
        let rows = [counts.in_a_row, counts.network].map(|throttle| throttles::key(throttle, now));
        let keys = [
            (&self.tables.users, vec![users::claim_key(address)]),
            (&self.tables.throttles, rows.to_vec()),
        ];
        let (counted, found) = tokio::join!(
            self.count("attempt", counts.attempts, now),
            self.read_together("attempt", keys)
        );
        let (counted, found) = (counted?, found?);
        let counters = found
            .get(&self.tables.throttles)
            .map(Vec::as_slice)
            .unwrap_or_default();
        if !counted {
            return Err(Refused::TooMany(counts.attempts.ends_at(now)));
        }
        if throttles::counted(counters, counts.network, now) >= counts.network.limit {
            return Err(Refused::TooMany(counts.network.ends_at(now)));
        }
        let claim = found
            .get(&self.tables.users)
            .and_then(|claims| claims.first());
        let id = claim.map_or_else(|| Some(UserId::nobody()), users::claimed_by);
        let account = self
            .account(&id.ok_or_else(|| Unavailable::unreadable("users"))?)
            .await?;
        let in_a_row = throttles::in_a_row(counters, counts.in_a_row, now);
        let mut known = Known {
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
    pub async fn wrong(
        &self,
        known: &Known,
        counts: &Counts<'_>,
        event: &Event,
    ) -> Result<(), Unavailable> {
        let row = self.client.update_item().table_name(&self.tables.throttles);
        let row = throttles::one_more_in_a_row(
            row,
            counts.in_a_row,
            (known.in_a_row.1, known.sign_ins()),
            event.at,
        );
        let (written, in_a_row, network) = tokio::join!(
            self.put(
                "wrong",
                audit::put(event, &self.tables.audit, self.random.bytes())
            ),
            self.update("wrong", row),
            self.count("wrong", counts.network, event.at),
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
    pub async fn right(&self, right: &Right<'_>) -> Result<bool, Unavailable> {
        let writes = Transaction::new()
            .update((), self.signed_in_with(right))
            .put(
                (),
                put_new(&self.tables.sessions, sessions::to_item(right.session)),
            )
            .put(
                (),
                audit::put(right.event, &self.tables.audit, self.random.bytes()),
            );
        let writes = right.replaces.iter().fold(writes, |writes, session| {
            writes.delete((), sessions::delete(&self.tables.sessions, session))
        });
        match writes.commit(self, "right").await {
            Ok(()) => Ok(true),
            Err(Refusal::Conditions(_)) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }

    fn signed_in_with(&self, right: &Right<'_>) -> Update {
        #[expect(clippy::expect_used, reason = "every required field is set")]
        Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(users::user_key(&right.user.id)))
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
            .expression_attribute_values(":epoch", n(right.session.epoch.0))
            .expression_attribute_values(":verified", s(right.verified.as_str()))
            .expression_attribute_values(":address", s(right.user.address.as_str()))
            .build()
            .expect("a whole update")
    }

    async fn account(&self, id: &UserId) -> Result<Option<Account>, Unavailable> {
        let Some(item) = self.user_item(id).await? else {
            return Ok(None);
        };
        let user = users::from_item(&item).ok_or_else(|| Unavailable::unreadable("users"))?;
        Ok(Some(Account {
            user,
            password: users::password(&item),
            sign_ins: users::sign_ins(&item),
        }))
    }
}

impl From<Unavailable> for Refused {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}
