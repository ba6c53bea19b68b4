//! Completes a sign-in whose password is right (promises 1 and 6).

use crate::domain::audit::AuditEvent;
use crate::domain::password::hash::PasswordHash;
use crate::domain::session::{Session, SessionKey};
use crate::domain::user::{Status, User};
use crate::store::expression::Expression;
use crate::store::item::{n, s};
use crate::store::transaction::Transaction;
use crate::store::{Store, Unavailable};

/// A verified password, and the session to create for it.
pub struct PasswordSignIn<'a> {
    pub user: &'a User,
    /// The hash that the password was verified against.
    pub verified: &'a PasswordHash,
    /// The hash to store: the same one, or one with the current parameters.
    pub password: &'a PasswordHash,
    /// The new session. Its `created_at` is the time of the sign-in.
    pub session: &'a Session,
    /// The session to delete: the one that this browser had before.
    pub replaces: Option<&'a SessionKey>,
    pub event: &'a AuditEvent,
}

impl Store {
    /// Creates the session, updates the user and records the event, all together. Returns `false`,
    /// and writes nothing, if the user is no longer active, has another address, epoch or password
    /// than the one that was verified: a concurrent reset wins.
    ///
    /// Costs 1 transaction of 1 update and 2 puts, and 1 delete if a session is replaced.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn complete_sign_in(
        &self,
        sign_in: &PasswordSignIn<'_>,
    ) -> Result<bool, Unavailable> {
        Transaction::new()
            .update((), self.user_signed_in_with_password(sign_in))
            .put((), self.new_session(sign_in.session))
            .put((), self.audit_record(sign_in.event))
            .deletes((), self.replaced_session(sign_in.replaces))
            .try_commit(self, "complete_sign_in")
            .await
    }

    fn user_signed_in_with_password(&self, sign_in: &PasswordSignIn<'_>) -> Expression {
        self.user_row(&sign_in.user.id)
            .set("last_sign_in_at = :now, password = :password")
            .add("sign_ins :one")
            .when(
                "attribute_exists(pk) AND #status = :active AND epoch = :epoch \
                 AND password = :verified AND address = :address",
            )
            .names([("#status", "status")])
            .values([
                (":now", n(sign_in.session.created_at.millis())),
                (":password", s(sign_in.password.as_str())),
                (":one", n(1)),
                (":active", s(Status::Active.as_str())),
                (":epoch", n(sign_in.session.epoch.get())),
                (":verified", s(sign_in.verified.as_str())),
                (":address", s(sign_in.user.address.as_str())),
            ])
    }
}
