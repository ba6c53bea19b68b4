//! Changes the password of a user who is signed in (promises 5, 6, 7 and 8).

use crate::domain::audit::AuditEvent;
use crate::domain::email::OutboxEntry;
use crate::domain::ids::IdempotencyKeyHash;
use crate::domain::password::hash::PasswordHash;
use crate::domain::session::Session;
use crate::store::expression::Expression;
use crate::store::item::{n, s};
use crate::store::transaction::Transaction;
use crate::store::{Store, Unavailable};

/// A change of a password whose present one has been verified.
pub struct PasswordChange<'a> {
    /// The session that stays, with its new `auth_time` and `auth_method`, and still with the epoch
    /// before the change.
    pub session: &'a Session,
    /// The stored hash that the present password was verified against.
    pub verified: &'a PasswordHash,
    /// The hash of the new password.
    pub password: &'a PasswordHash,
    /// The email that tells the user about the change, if the portal sends it.
    pub notice: Option<&'a OutboxEntry>,
    pub event: &'a AuditEvent,
    /// Identifies the view of the form, or the client's attempt, so that it may be repeated.
    pub idempotency_key: Option<IdempotencyKeyHash>,
}

impl Store {
    /// Sets the password, revokes all other sessions by moving the epoch, confirms the session and
    /// moves it along, queues the notice and records the event, all together. Returns `false`, and
    /// writes nothing, if the session has ended, the user is no longer active or of its epoch, or
    /// the password is no longer the `verified` one.
    ///
    /// Costs 1 transaction of 2 updates, 1 put, and 1 put for a notice.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn change_password(&self, change: &PasswordChange<'_>) -> Result<bool, Unavailable> {
        let next = n(change.session.epoch.next().get());
        let session = self
            .confirmed_session(change.session)
            .set("epoch = :next")
            .values([(":next", next.clone())]);
        let user = self.user_with_changed_password(change);
        let user = user.set("epoch = :next").values([(":next", next)]);
        Transaction::new()
            .update((), user)
            .update((), session)
            .puts((), change.notice.map(|notice| self.queued_email(notice)))
            .put((), self.audit_record(change.event))
            .try_commit(self, "change_password")
            .await
    }

    fn user_with_changed_password(&self, change: &PasswordChange<'_>) -> Expression {
        let user = self
            .confirming_user(change.session, "password = :verified")
            .set("password = :password")
            .values([
                (":verified", s(change.verified.as_str())),
                (":password", s(change.password.as_str())),
            ]);
        match change.idempotency_key {
            None => user,
            Some(key) => user
                .set("password_change_key = :key, password_change_at = :now")
                .values([
                    (":key", s(key.to_string())),
                    (":now", n(change.session.auth_time.millis())),
                ]),
        }
    }
}
