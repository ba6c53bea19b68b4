//! Releases the claim of an email that the provider refused temporarily.

use crate::domain::email::OutboxEntry;
use crate::domain::time::Timestamp;
use crate::store::item::{n, s};
use crate::store::{Store, Unavailable};

impl Store {
    /// Stores the provider's `reason`, and makes the email claimable from `retry_at` on. Does
    /// nothing if the email is finished.
    ///
    /// Costs 1 update.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn retry_email_later(
        &self,
        entry: &OutboxEntry,
        reason: &str,
        retry_at: Timestamp,
    ) -> Result<(), Unavailable> {
        let released = self
            .email_row(&entry.key)
            .set("lease_until = :retry_at, lost_claims = :none, reason = :reason")
            .when("attribute_exists(pk) AND #status = :sending")
            .names([("#status", "status")])
            .values([
                (":sending", s("sending")),
                (":retry_at", n(retry_at.millis())),
                (":none", n(0)),
                (":reason", s(reason)),
            ]);
        self.update("retry_email_later", released)
            .await
            .map(|_released| ())
    }
}
