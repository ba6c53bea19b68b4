//! Lifts the suppression of an address.

use crate::domain::audit::AuditEvent;
use crate::domain::ids::KeyedHash;
use crate::store::item::n;
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::{Store, Unavailable};

impl Store {
    /// Lifts the suppression of an address and records `event`. Returns `false` if it is not
    /// suppressed, and then writes nothing.
    ///
    /// Costs 1 transaction of 1 update and 1 put.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn lift_suppression(
        &self,
        to: &KeyedHash,
        event: &AuditEvent,
    ) -> Result<bool, Unavailable> {
        let lifted = self
            .suppression_row(to)
            .set("lifted_at = :now")
            .remove("suppressed_at, reason, detail")
            .when("attribute_exists(suppressed_at)")
            .values([(":now", n(event.at.millis()))]);
        let writes = Transaction::new()
            .update((), lifted)
            .put((), self.audit_record(event));
        match writes.commit(self, "lift_suppression").await {
            Ok(()) => Ok(true),
            Err(TransactionError::Conditions(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
