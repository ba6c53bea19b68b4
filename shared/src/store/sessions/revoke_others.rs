//! Revokes all sessions of a user except one (promise 6).

use crate::domain::audit::AuditEvent;
use crate::domain::session::Session;
use crate::store::item::n;
use crate::store::transaction::Transaction;
use crate::store::{Store, Unavailable};

impl Store {
    /// Revokes all sessions of the user except `current`, however many there are, and records
    /// `event`: the user's epoch moves, and `current` moves with it. Returns `false`, and writes
    /// nothing, if `current` has been deleted or the epoch has moved meanwhile.
    ///
    /// Costs 1 transaction of 2 updates and 1 put.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn revoke_other_sessions(
        &self,
        current: &Session,
        event: &AuditEvent,
    ) -> Result<bool, Unavailable> {
        let current_row = self
            .session_row(&current.user, &current.hash)
            .set("epoch = :next")
            .when("attribute_exists(pk) AND epoch = :epoch")
            .values([
                (":epoch", n(current.epoch.get())),
                (":next", n(current.epoch.next().get())),
            ]);
        Transaction::new()
            .update((), self.next_epoch(&current.user, current.epoch))
            .update((), current_row)
            .put((), self.audit_record(event))
            .try_commit(self, "revoke_other_sessions")
            .await
    }
}
