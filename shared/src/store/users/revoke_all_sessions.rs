//! Revokes all sessions of a user (promises 6 and 8).

use crate::domain::audit::AuditEvent;
use crate::domain::email::OutboxEntry;
use crate::domain::user::User;
use crate::store::transaction::Transaction;
use crate::store::users::UpdateOutcome;
use crate::store::{Store, Unavailable};

impl Store {
    /// Revokes all sessions and links of a user, however many there are, queues the notice and
    /// records `event`: the user's epoch moves. Writes nothing if it has moved since the user was
    /// read.
    ///
    /// Costs 1 transaction of 1 update, 1 put, and 1 put for a notice.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn revoke_all_sessions(
        &self,
        user: &User,
        notice: Option<&OutboxEntry>,
        event: &AuditEvent,
    ) -> Result<UpdateOutcome, Unavailable> {
        let revoked = Transaction::new()
            .update((), self.next_epoch(&user.id, user.epoch))
            .puts((), notice.map(|notice| self.queued_email(notice)))
            .put((), self.audit_record(event))
            .commit(self, "revoke_all_sessions");
        UpdateOutcome::of(&revoked.await)
    }
}
