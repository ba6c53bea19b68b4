//! Erases a user (promises 6 and 8).

use crate::domain::audit::AuditEvent;
use crate::domain::user::User;
use crate::store::item::s;
use crate::store::transaction::Transaction;
use crate::store::users::UpdateOutcome;
use crate::store::{Store, Unavailable};

impl Store {
    /// Erases a user together with the claim of the address, and records `event`. From then on
    /// nothing signs the user in, and the address is free. Writes nothing if the address has
    /// changed since the user was read.
    ///
    /// The user's emails and sessions are left to [`Store::erase_emails`] and
    /// [`Store::erase_sessions`]. The audit records stay.
    ///
    /// Costs 1 transaction of 2 deletes and 1 put.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn erase_user(
        &self,
        user: &User,
        event: &AuditEvent,
    ) -> Result<UpdateOutcome, Unavailable> {
        let row = self
            .user_row(&user.id)
            .when("attribute_exists(pk) AND address = :address")
            .values([(":address", s(user.address.as_str()))]);
        let erased = Transaction::new()
            .delete((), row)
            .delete((), self.released_claim(user))
            .put((), self.audit_record(event))
            .try_commit(self, "erase_user")
            .await?;
        Ok(UpdateOutcome::of(erased))
    }
}
