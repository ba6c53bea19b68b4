//! Records how the delivery of an email ended, or that it waits.

use crate::Mailer;
use crate::delivery::RetryLater;
use shared::domain::email::{Budget, DeliveryOutcome, OutboxKey};
use shared::domain::time::Timestamp;

impl Mailer {
    /// Leaves an email to the sweep until the window of its `budget` has ended, and logs it.
    pub(crate) async fn postpone(
        &self,
        key: &OutboxKey,
        budget: Budget,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), RetryLater> {
        self.app
            .store
            .postpone_email(key, budget, until, now)
            .await?;
        tracing::info!(
            reason = budget.as_str(),
            email_id = key.id.as_str(),
            "email postponed"
        );
        Ok(())
    }

    /// Records the outcome of a delivery.
    pub(crate) async fn finish(
        &self,
        key: &OutboxKey,
        outcome: DeliveryOutcome<'_>,
    ) -> Result<(), RetryLater> {
        self.end(key, outcome, None).await
    }

    /// Records the outcome of an email that an administrator may send again until its link expires.
    pub(crate) async fn hold(
        &self,
        key: &OutboxKey,
        outcome: DeliveryOutcome<'_>,
        until: Timestamp,
    ) -> Result<(), RetryLater> {
        self.end(key, outcome, Some(until)).await
    }

    /// Records an outcome and logs it. The log has the reason only where it is one of a fixed list:
    /// an error message of SES may contain the address.
    async fn end(
        &self,
        key: &OutboxKey,
        outcome: DeliveryOutcome<'_>,
        held_until: Option<Timestamp>,
    ) -> Result<(), RetryLater> {
        let now = self.app.clock.now();
        self.app
            .store
            .finish_email(key, &outcome, held_until, now)
            .await?;
        let reason = match outcome {
            DeliveryOutcome::Failed(_) => "",
            _ => outcome.reason().unwrap_or_default(),
        };
        tracing::info!(
            end = outcome.status().as_str(),
            reason,
            email_id = key.id.as_str(),
            "email finished"
        );
        Ok(())
    }
}
