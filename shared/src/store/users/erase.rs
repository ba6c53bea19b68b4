//! Erases a user (promises 6 and 8).

use crate::domain::audit::AuditEvent;
use crate::domain::user::User;
use crate::store::transaction::Transaction;
use crate::store::users::UpdateOutcome;
use crate::store::{Store, Unavailable};

impl Store {
    /// Erases a user together with the claim of the address, and records `event`. From then on
    /// nothing signs the user in, and the address is free. A tombstone keeps the id from being
    /// used again. Writes nothing if the address has changed since the user was read.
    ///
    /// The user's emails and sessions are left to [`Store::erase_emails`] and
    /// [`Store::erase_sessions`]. The audit records stay.
    ///
    /// Costs 1 transaction of 1 delete and 2 puts.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn erase_user(
        &self,
        user: &User,
        event: &AuditEvent,
    ) -> Result<UpdateOutcome, Unavailable> {
        let erased = Transaction::new()
            .put((), self.tombstone(user, event.at))
            .delete((), self.released_claim(user))
            .put((), self.audit_record(event))
            .commit(self, "erase_user");
        UpdateOutcome::of(&erased.await)
    }
}
