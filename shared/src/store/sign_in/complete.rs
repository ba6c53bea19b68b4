//! Completes a sign-in with a password (promises 5, 6 and 8).

use crate::domain::audit::AuditEvent;
use crate::domain::ids::IdempotencyKeyHash;
use crate::domain::link::REPLAY_WINDOW;
use crate::domain::password::hash::PasswordHash;
use crate::domain::session::{EndedSessions, NewBrowser, Session};
use crate::domain::time::Timestamp;
use crate::domain::user::{Status, User};
use crate::store::expression::Expression;
use crate::store::item::{Item, moment, n, s, text};
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::users::user_item;
use crate::store::{Store, Unavailable};

/// A sign-in whose password has been verified.
pub struct PasswordSignIn<'a> {
    pub user: &'a User,
    /// The stored hash that the password was verified against.
    pub verified: &'a PasswordHash,
    /// The hash to store: the same one, or one with the current parameters.
    pub password: &'a PasswordHash,
    /// The new session. Its `created_at` is the time of the sign-in.
    pub session: &'a Session,
    /// The sessions to delete.
    pub ends: &'a EndedSessions,
    /// The notice to queue. `None` where nobody is told of a new browser.
    pub new_browser: Option<&'a NewBrowser>,
    /// The audit events: the sign-in, and the end of another user's session.
    pub events: &'a [AuditEvent],
    /// Identifies the view of the form, or the client's attempt, so that it may be repeated.
    pub idempotency_key: Option<IdempotencyKeyHash>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompleteOutcome {
    Completed,
    /// The same form signed in at this time, within the replay window. Nothing was written.
    Repeated(Timestamp),
    /// A concurrent reset, suspension or change of address wins. Nothing was written.
    Refused,
    /// A concurrent sign-in came first. Nothing was written: count the sessions again.
    Outpaced {
        /// Is true if the user has signed in before.
        signed_in_before: bool,
    },
}

#[derive(Clone, Copy, PartialEq)]
enum Write {
    User,
    Other,
}

impl Store {
    /// Creates the session, updates the user, queues the notice and records the events, all
    /// together. Writes nothing if the user is no longer active, has another address, epoch or
    /// password than the one that was verified, or if the sign-in repeats one of the same
    /// idempotency key.
    ///
    /// Costs 1 transaction of 1 update and 2 puts, 1 delete for each session that ends, 1 put if
    /// one is another user's, and 1 put for a notice.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn complete_sign_in(
        &self,
        sign_in: &PasswordSignIn<'_>,
    ) -> Result<CompleteOutcome, Unavailable> {
        let events = sign_in.events.iter();
        let events = events.map(|event| self.audit_record(event));
        let committed = Transaction::new()
            .update(Write::User, self.user_signed_in_with_password(sign_in))
            .put(Write::Other, self.new_session(sign_in.session))
            .puts(Write::Other, events)
            .deletes(Write::Other, self.ended_sessions(sign_in.ends))
            .puts(Write::Other, self.new_browser_notice(sign_in.new_browser))
            .commit(self, "complete_sign_in")
            .await;
        match committed {
            Ok(()) => Ok(CompleteOutcome::Completed),
            Err(TransactionError::Conditions(failed)) => {
                let user = failed
                    .into_iter()
                    .find(|(write, _)| *write == Write::User)
                    .and_then(|(_, user)| user);
                Ok(refusal(user.as_ref(), sign_in))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn user_signed_in_with_password(&self, sign_in: &PasswordSignIn<'_>) -> Expression {
        let now = sign_in.session.created_at;
        let user = self
            .user_row(&sign_in.user.id)
            .set("signed_in_at = :now, password = :password")
            .add("sign_ins :one")
            .names([("#status", "status")])
            .values([
                (":now", n(now.millis())),
                (":password", s(sign_in.password.as_str())),
                (":one", n(1)),
                (":active", s(Status::Active.as_str())),
                (":epoch", n(sign_in.session.epoch.get())),
                (":verified", s(sign_in.verified.as_str())),
                (":address", s(sign_in.user.address.as_str())),
            ])
            .returning_old_item();
        let unchanged = "attribute_exists(pk) AND #status = :active AND epoch = :epoch \
                         AND password = :verified AND address = :address";
        let user = match sign_in.idempotency_key {
            None => user.when(unchanged),
            Some(key) => user
                .set("idempotency_key = :key, idempotency_key_at = :now")
                .when(format!(
                    "{unchanged} AND (attribute_not_exists(idempotency_key) \
                     OR idempotency_key <> :key OR idempotency_key_at < :replayable_since)"
                ))
                .values([
                    (":key", s(key.to_string())),
                    (":replayable_since", n(now.minus(REPLAY_WINDOW).millis())),
                ]),
        };
        let user = user_item::not_outpaced(user, sign_in.ends);
        user_item::with_history(user, sign_in.new_browser)
    }
}

/// Explains why the write to the user failed, according to their item.
fn refusal(user: Option<&Item>, sign_in: &PasswordSignIn<'_>) -> CompleteOutcome {
    if let Some(at) = user.and_then(|user| repeated(user, sign_in)) {
        return CompleteOutcome::Repeated(at);
    }
    match user_item::must_repeat(user, sign_in.ends, sign_in.new_browser) {
        Some(signed_in_before) => CompleteOutcome::Outpaced { signed_in_before },
        None => CompleteOutcome::Refused,
    }
}

/// Returns the time of the sign-in that `sign_in` repeats, according to the user's item.
fn repeated(user: &Item, sign_in: &PasswordSignIn<'_>) -> Option<Timestamp> {
    let key = sign_in.idempotency_key?.to_string();
    let at = moment(user, "idempotency_key_at")?;
    let is_repeat = text(user, "idempotency_key") == Some(&key)
        && sign_in.session.created_at.since(at) <= REPLAY_WINDOW;
    is_repeat.then_some(at)
}
