//! Delivers one email: claims its row, sends it, and records the outcome.
//!
//! A crash between two of these steps leaves a row in `sending` whose lease lapses. The next sweep
//! claims it again and sends the same link.

use crate::Mailer;
use crate::backoff::{STREAM_ATTEMPTS, backoff};
use crate::decision::Decision;
use crate::message::Message;
use crate::ses::SendOutcome;
use shared::domain::audit::{AuditEvent, Target};
use shared::domain::email::{
    Budget, DeliveryOutcome, DeliveryState, FailureReason, OutboxEntry, OutboxKey, PreparedEmail,
    SupersededBy,
};
use shared::domain::rate_limit::RateLimit;
use shared::domain::time::Timestamp;
use shared::email::MessageKind;
use shared::keys::KeyRing;
use shared::store::Unavailable;
use shared::store::outbox::{ClaimOutcome, MAX_LOST_CLAIMS, OutboxLookup};

/// The email is not finished, and trying again at once may help: the stream must deliver its record
/// again.
pub(crate) struct RetryLater;

impl From<Unavailable> for RetryLater {
    fn from(_: Unavailable) -> Self {
        Self
    }
}

/// Reasons why a message cannot be built.
const NO_KEY: &str = "the signing key of this email is not in the key ring";
const NO_TEMPLATE: &str = "the template of this email could not be read";

impl Mailer {
    /// Does whatever the row of an email needs next. A row that is finished, claimed by another
    /// invocation, or waiting for its next attempt is left alone.
    ///
    /// # Errors
    /// [`RetryLater`] where the store or SES cannot be reached.
    pub(crate) async fn deliver(&self, key: &OutboxKey) -> Result<(), RetryLater> {
        let now = self.app.clock.now();
        let email = match self.app.store.find_unfinished_email(key).await? {
            OutboxLookup::Unfinished(email) => email,
            OutboxLookup::Finished => return Ok(()),
            OutboxLookup::Unreadable => {
                return self
                    .finish(key, DeliveryOutcome::Failed(FailureReason::Unreadable))
                    .await;
            }
        };
        match &email.state {
            DeliveryState::Queued if email.waits_until.is_some_and(|until| until > now) => Ok(()),
            DeliveryState::Queued => self.claim(&email, now).await,
            DeliveryState::Sending { lease_until, .. } if *lease_until > now => Ok(()),
            // An earlier attempt was accepted. Its outcome got lost, but not the provider's event.
            DeliveryState::Sending { .. } if let Some(message_id) = &email.message_id => {
                self.finish(key, DeliveryOutcome::Sent { message_id }).await
            }
            DeliveryState::Sending { prepared, .. } if prepared.expires_at <= now => {
                self.finish(key, DeliveryOutcome::Expired).await
            }
            DeliveryState::Sending { lost_claims, .. } if *lost_claims >= MAX_LOST_CLAIMS => {
                self.finish(key, DeliveryOutcome::Failed(FailureReason::Unanswered))
                    .await
            }
            DeliveryState::Sending {
                prepared, attempts, ..
            } => self.reclaim(&email, prepared, attempts + 1, now).await,
        }
    }

    /// Decides whether a queued email is sent, and if so, claims and sends it.
    async fn claim(&self, email: &OutboxEntry, now: Timestamp) -> Result<(), RetryLater> {
        let (template, user, epoch, account) = match self.decide(email).await? {
            Decision::Send {
                template,
                user,
                epoch,
                account,
            } => (template, user, epoch, account),
            Decision::Finish(outcome) => return self.finish(&email.key, outcome).await,
        };
        let expires_at = self.expires_at(email, template);
        if expires_at <= now {
            return self.finish(&email.key, DeliveryOutcome::Expired).await;
        }
        let ring = self.app.keys.ring(now).await;
        let signing_key = ring.signing_key(now).ok_or(RetryLater)?;
        let prepared = PreparedEmail {
            template,
            user,
            epoch,
            account,
            kid: signing_key.kid.clone(),
            expires_at,
        };
        let event = self.claim_event(email, &prepared, now);
        let budgets = self.budgets(&ring, email);
        let claim = self
            .app
            .store
            .claim_email(email, &prepared, &budgets, &event);
        match claim.await? {
            ClaimOutcome::Claimed => self.send(email, &prepared, 1).await,
            // An administrator wanted it to arrive: it waits for the next window.
            ClaimOutcome::OverBudget(budget) if budget == Budget::Invitations => {
                self.postpone(&email.key, budget, &budgets, now).await
            }
            ClaimOutcome::OverBudget(budget) => {
                self.finish(&email.key, DeliveryOutcome::Throttled(budget))
                    .await
            }
            ClaimOutcome::Suppressed => self.finish(&email.key, DeliveryOutcome::Suppressed).await,
            ClaimOutcome::Superseded | ClaimOutcome::HeldElsewhere => Ok(()),
        }
    }

    fn claim_event(
        &self,
        email: &OutboxEntry,
        prepared: &PreparedEmail,
        now: Timestamp,
    ) -> AuditEvent {
        let action = email.kind.action();
        let target = Target::Email(email.key.id.clone());
        let mut event = self
            .app
            .audit_event(action, &prepared.user, target, &email.client, now);
        let template = prepared.template.as_str().to_owned();
        event.metadata.push(("template", template));
        event
    }

    /// Claims an email whose lease has lapsed, and sends it for the `attempt`-th time.
    async fn reclaim(
        &self,
        email: &OutboxEntry,
        prepared: &PreparedEmail,
        attempt: u64,
        now: Timestamp,
    ) -> Result<(), RetryLater> {
        match self.app.store.reclaim_email(email, prepared, now).await? {
            ClaimOutcome::Claimed => self.send(email, prepared, attempt).await,
            ClaimOutcome::Superseded => {
                let outcome = DeliveryOutcome::Superseded(SupersededBy::EpochMove);
                self.finish(&email.key, outcome).await
            }
            ClaimOutcome::Suppressed => self.finish(&email.key, DeliveryOutcome::Suppressed).await,
            ClaimOutcome::OverBudget(_) | ClaimOutcome::HeldElsewhere => Ok(()),
        }
    }

    /// Sends a claimed email for the `attempt`-th time, counted from 1.
    async fn send(
        &self,
        email: &OutboxEntry,
        prepared: &PreparedEmail,
        attempt: u64,
    ) -> Result<(), RetryLater> {
        let ring = self.app.keys.ring(self.app.clock.now()).await;
        let sent = match self.message(&ring, email, prepared).await {
            Ok(message) => self.ses.send(&message, self.tags(email, prepared)).await,
            Err(reason) => SendOutcome::TryLater(reason.to_owned()),
        };
        match sent {
            SendOutcome::Accepted { message_id } => {
                let message_id = &message_id;
                self.finish(&email.key, DeliveryOutcome::Sent { message_id })
                    .await
            }
            SendOutcome::Rejected(reason) => {
                self.finish(
                    &email.key,
                    DeliveryOutcome::Failed(FailureReason::Refused(&reason)),
                )
                .await
            }
            SendOutcome::TryLater(reason) => {
                let next_attempt = self.app.clock.now().plus(backoff(attempt));
                let next_attempt = next_attempt.min(prepared.expires_at);
                self.app
                    .store
                    .retry_email_later(email, &reason, next_attempt)
                    .await?;
                if attempt < STREAM_ATTEMPTS {
                    Err(RetryLater)
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Builds the message.
    ///
    /// # Errors
    /// The reason why that may work later: the key ring has lost the key that signs the link, or
    /// the texts cannot be read.
    async fn message(
        &self,
        ring: &KeyRing,
        email: &OutboxEntry,
        prepared: &PreparedEmail,
    ) -> Result<Message, &'static str> {
        let link = match email.link(prepared) {
            Some(link) => {
                let key = ring.get(&prepared.kid).ok_or(NO_KEY)?;
                Some(self.link_and_code(ring, key, &link))
            }
            None => None,
        };
        let kind = MessageKind::of(prepared.template, &email.kind);
        let template = self.template(kind, email.language).await;
        let template = template.ok().flatten().ok_or(NO_TEMPLATE)?;
        let (config, public) = (&self.app.config, &self.public);
        let message = (kind, &template);
        Ok(Message::new(config, public, email, message, link.as_ref()))
    }

    /// Leaves an email to the sweep until the windows of its `budgets` have ended, and logs it.
    async fn postpone(
        &self,
        key: &OutboxKey,
        budget: Budget,
        budgets: &[RateLimit],
        now: Timestamp,
    ) -> Result<(), RetryLater> {
        let ends = budgets.iter().map(|budget| budget.ends_at(now));
        let until = ends.max().unwrap_or(now);
        self.app.store.postpone_email(key, budget, until).await?;
        tracing::info!(
            reason = budget.as_str(),
            email_id = key.id.as_str(),
            "email postponed"
        );
        Ok(())
    }

    /// Records the outcome of a delivery and logs it. The log has the reason only where it is one
    /// of a fixed list: an error message of SES may contain the address.
    async fn finish(
        &self,
        key: &OutboxKey,
        outcome: DeliveryOutcome<'_>,
    ) -> Result<(), RetryLater> {
        let now = self.app.clock.now();
        self.app.store.finish_email(key, &outcome, now).await?;
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
