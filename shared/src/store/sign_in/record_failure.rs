//! Records a wrong password (promise 1).

use crate::domain::audit::AuditEvent;
use crate::store::sign_in::PasswordAttempt;
use crate::store::sign_in::limits::PasswordLimits;
use crate::store::{Store, Unavailable};

impl Store {
    /// Records `event`, and counts a wrong password for the address and for the network: the same
    /// three writes for every address.
    ///
    /// Costs 1 put and 2 updates, concurrently.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn record_failed_sign_in(
        &self,
        attempt: &PasswordAttempt,
        limits: &PasswordLimits<'_>,
        event: &AuditEvent,
    ) -> Result<(), Unavailable> {
        let one_more = self.one_more_failure(
            attempt.streak,
            attempt.sign_ins(),
            limits.consecutive_failures,
            event.at,
        );
        let (recorded, failure_counted, network_counted) = tokio::join!(
            self.record_event("record_failed_sign_in", event),
            self.update("record_failed_sign_in", one_more),
            self.count("record_failed_sign_in", limits.network, event.at),
        );
        // Concurrent attempts of a network may pass its limit together: the count stays at it.
        let _below_the_limit = network_counted?;
        recorded?;
        failure_counted.map(|_counted| ())
    }
}
