//! Confirms a session with the user's password (promises 1 and 8).

use crate::domain::audit::AuditEvent;
use crate::domain::ids::UserId;
use crate::domain::password::hash::PasswordHash;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::store::item::s;
use crate::store::sign_in::{PasswordAttempt, PasswordLimits};
use crate::store::transaction::Transaction;
use crate::store::{CountError, Store, Unavailable};

impl Store {
    /// Counts an attempt at the password of a user who is signed in, under the same limits as one
    /// at the user's address.
    ///
    /// Costs 1 update concurrently with 1 strongly consistent read, then 1 update, except for a
    /// known browser.
    ///
    /// # Errors
    /// The errors of [`Store::begin_password_attempt`].
    pub async fn begin_confirmation(
        &self,
        user: &UserId,
        limits: &PasswordLimits,
        now: Timestamp,
    ) -> Result<PasswordAttempt, CountError> {
        let (counted, account) =
            tokio::join!(self.count_client(limits, now), self.find_account(user));
        self.count_failures(counted?, account?, limits, now).await
    }

    /// Stores the `auth_time` and `auth_method` of `session`, and records the event. Returns
    /// `false`, and writes nothing, if the session has ended or the user's password is no longer
    /// the `verified` one.
    ///
    /// Costs 1 transaction of 2 updates and 1 put.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn confirm_by_password(
        &self,
        session: &Session,
        verified: &PasswordHash,
        event: &AuditEvent,
    ) -> Result<bool, Unavailable> {
        let user = self
            .confirming_user(session, "password = :verified")
            .values([(":verified", s(verified.as_str()))]);
        Transaction::new()
            .update((), self.confirmed_session(session))
            .update((), user)
            .put((), self.audit_record(event))
            .try_commit(self, "confirm_by_password")
            .await
    }
}
