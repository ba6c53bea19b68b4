//! Postpones an email whose budget is used up.

use crate::domain::email::{Budget, OutboxKey};
use crate::domain::time::Timestamp;
use crate::store::item::{n, s};
use crate::store::outbox::outbox_item;
use crate::store::{Store, Unavailable};

impl Store {
    /// Leaves a queued email to the sweep from `until` on, and stores the used-up `budget` as the
    /// reason. Does nothing if the email is not queued any more, or was redriven.
    ///
    /// Costs 1 update.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn postpone_email(
        &self,
        email: &OutboxKey,
        budget: Budget,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let postponed = self
            .email_row(email)
            .set("waits_until = :until, due_at = :until, reason = :reason, postponed_at = :now")
            // The list of held emails finds all that wait under one key.
            .set("unfinished = :email")
            .when(
                "begins_with(unfinished, :email) AND #status = :queued \
                 AND attribute_not_exists(redriven_at)",
            )
            .names([("#status", "status")])
            .values([
                (":email", s(outbox_item::WAITING)),
                (":queued", s("queued")),
                (":now", n(now.millis())),
                (":until", n(until.millis())),
                (":reason", s(budget.as_str())),
            ]);
        self.update("postpone_email", postponed)
            .await
            .map(|_postponed| ())
    }
}
