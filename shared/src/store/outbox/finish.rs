//! Stores the outcome of an email in the delivery log.

use crate::domain::email::{DeliveryOutcome, OutboxKey};
use crate::domain::time::Timestamp;
use crate::store::item::{n, s};
use crate::store::outbox::outbox_item;
use crate::store::{Store, Unavailable};

impl Store {
    /// Stores the outcome of an unfinished email. Does nothing if it is finished already. With
    /// `held_until`, the email is listed as held until then. A dropped email loses its address at
    /// once: the requester may have typed somebody else's.
    ///
    /// Costs 1 update.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn finish_email(
        &self,
        email: &OutboxKey,
        outcome: &DeliveryOutcome<'_>,
        held_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let (attribute, value) = match outcome {
            DeliveryOutcome::Sent { message_id } => ("message_id", *message_id),
            other => ("reason", other.reason().unwrap_or_default()),
        };
        let finished = self
            .email_row(email)
            .set("#status = :status, ended_at = :now, #detail = :detail")
            .when("begins_with(unfinished, :email)")
            .names([("#status", "status"), ("#detail", attribute)])
            .values([
                (":email", s(outbox_item::WAITING)),
                (":status", s(outcome.status().as_str())),
                (":now", n(now.millis())),
                (":detail", s(value)),
            ]);
        let finished = match held_until {
            None => finished.remove("unfinished, lease_until"),
            Some(until) => finished
                .set("unfinished = :held, due_at = :until")
                .remove("lease_until")
                .values([
                    (":held", s(outbox_item::HELD)),
                    (":until", n(until.millis())),
                ]),
        };
        let finished = match outcome {
            DeliveryOutcome::Dropped(_) => finished.remove("address"),
            _ => finished,
        };
        self.update("finish_email", finished)
            .await
            .map(|_finished| ())
    }
}
