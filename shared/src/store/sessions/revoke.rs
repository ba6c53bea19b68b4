//! Revokes a session (promise 6).

use crate::domain::audit::AuditEvent;
use crate::domain::ids::{SessionHash, UserId};
use crate::store::item::n;
use crate::store::transaction::Transaction;
use crate::store::{Store, Unavailable};

impl Store {
    /// Deletes the session and records `event`. Returns `false`, and writes nothing, if the user
    /// has no such session or it has expired at `event.at`.
    ///
    /// Costs 1 transaction of 1 delete and 1 put.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn revoke_session(
        &self,
        user: &UserId,
        session: &SessionHash,
        event: &AuditEvent,
    ) -> Result<bool, Unavailable> {
        let unexpired = self
            .session_row(user, session)
            .when("attribute_exists(pk) AND expires_at > :now")
            .values([(":now", n(event.at.secs()))]);
        Transaction::new()
            .delete((), unexpired)
            .put((), self.audit_record(event))
            .try_commit(self, "revoke_session")
            .await
    }
}
