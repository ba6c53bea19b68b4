//! Stores the outcome of an email in the delivery log.

use crate::domain::email::{DeliveryOutcome, OutboxKey};
use crate::domain::time::Timestamp;
use crate::store::item::{n, s};
use crate::store::{Store, Unavailable};

impl Store {
    /// Stores the outcome of an unfinished email. Does nothing if it is finished already. A dropped
    /// email loses its address at once: the requester may have typed somebody else's.
    ///
    /// Costs 1 update.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn finish_email(
        &self,
        email: &OutboxKey,
        outcome: &DeliveryOutcome<'_>,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let (attribute, value) = match outcome {
            DeliveryOutcome::Sent { message_id } => ("message_id", *message_id),
            other => ("reason", other.reason().unwrap_or_default()),
        };
        let finished = self
            .email_row(email)
            .set("#status = :status, ended_at = :now, #detail = :detail")
            .remove("unfinished, lease_until")
            .when("attribute_exists(unfinished)")
            .names([("#status", "status"), ("#detail", attribute)])
            .values([
                (":status", s(outcome.status().as_str())),
                (":now", n(now.millis())),
                (":detail", s(value)),
            ]);
        let finished = match outcome {
            DeliveryOutcome::Dropped(_) => finished.remove("address"),
            _ => finished,
        };
        self.update("finish_email", finished)
            .await
            .map(|_finished| ())
    }
}
