//! Suppresses an address, so that nothing more is sent to it.

use crate::domain::audit::AuditEvent;
use crate::domain::email::Suppression;
use crate::domain::ids::KeyedHash;
use crate::store::item::{n, s};
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::{Store, Unavailable};

impl Store {
    /// Suppresses an address and records `event`, unless it is suppressed already. What happened
    /// before an administrator lifted an earlier suppression does not suppress again. Returns
    /// whether the address is suppressed by this call.
    ///
    /// Costs 1 transaction of 1 update and 1 put.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn suppress_address(
        &self,
        to: &KeyedHash,
        suppression: &Suppression,
        event: &AuditEvent,
    ) -> Result<bool, Unavailable> {
        let suppressed = self
            .suppression_row(to)
            .set("suppressed_at = :since, reason = :reason, detail = :detail")
            .when(
                "attribute_not_exists(suppressed_at) \
                 AND (attribute_not_exists(lifted_at) OR lifted_at < :since)",
            )
            .values([
                (":since", n(suppression.since.millis())),
                (":reason", s(suppression.reason.as_str())),
                (":detail", s(&suppression.detail)),
            ]);
        let writes = Transaction::new()
            .update((), suppressed)
            .put((), self.audit_record(event));
        match writes.commit(self, "suppress_address").await {
            Ok(()) => Ok(true),
            Err(TransactionError::Conditions(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
