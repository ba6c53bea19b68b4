//! Delivers one email: claims its row, sends it, and records the outcome.
//!
//! A crash between two of these steps leaves a row in `sending` whose lease lapses. The next sweep
//! claims it again and sends the same link.

use crate::Mailer;
use crate::backoff::{BACKOFF_MIN, STREAM_ATTEMPTS, backoff};
use crate::decision::Decision;
use crate::message::Message;
use crate::ses::SendOutcome;
use shared::domain::audit::{AuditEvent, Target};
use shared::domain::email::{
    Budget, DeliveryOutcome, DeliveryState, FailureReason, OutboxEntry, OutboxKey, PreparedEmail,
    SupersededBy,
};
use shared::domain::rate_limit::RateLimitScope;
use shared::domain::time::Timestamp;
use shared::email::MessageKind;
use shared::keys::KeyRing;
use shared::store::Unavailable;
use shared::store::outbox::{ClaimOutcome, MAX_LOST_CLAIMS, OutboxLookup};
use std::time::Duration;

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
            DeliveryState::Sending {
                prepared,
                lost_claims,
                ..
            } if *lost_claims >= MAX_LOST_CLAIMS => {
                let outcome = DeliveryOutcome::Failed(FailureReason::Unanswered);
                self.hold(key, outcome, prepared.expires_at).await
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
        let claim = self.claim_within_budgets(&ring, email, &prepared, &event);
        match claim.await? {
            ClaimOutcome::Claimed => self.send(email, &prepared, 1).await,
            // An administrator wanted it to arrive: it waits for the next window.
            ClaimOutcome::OverBudget(budget) if budget == Budget::Invitations => {
                let shard = self.app.budget_shard(&ring, RateLimitScope::Invitations, 0);
                self.postpone(&email.key, budget, shard.ends_at(now), now)
                    .await
            }
            ClaimOutcome::OverBudget(budget) => {
                let outcome = DeliveryOutcome::Throttled(budget);
                self.hold(&email.key, outcome, expires_at).await
            }
            ClaimOutcome::Suppressed => {
                self.hold(&email.key, DeliveryOutcome::Suppressed, expires_at)
                    .await
            }
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
            ClaimOutcome::Suppressed => {
                self.hold(&email.key, DeliveryOutcome::Suppressed, prepared.expires_at)
                    .await
            }
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
        let email_id = email.key.id.as_str();
        let sent = match self.message(&ring, email, prepared).await {
            Ok(message) => {
                let tags = self.tags(email, prepared);
                self.ses.send(&message, tags, email_id, attempt).await
            }
            Err(reason) => {
                tracing::error!(reason, email_id, "an email could not be built");
                SendOutcome::TryLater(reason.to_owned())
            }
        };
        match sent {
            SendOutcome::Accepted { message_id } => {
                let message_id = &message_id;
                self.finish(&email.key, DeliveryOutcome::Sent { message_id })
                    .await
            }
            SendOutcome::Rejected(reason) => {
                let outcome = DeliveryOutcome::Failed(FailureReason::Refused(&reason));
                self.hold(&email.key, outcome, prepared.expires_at).await
            }
            SendOutcome::TryLater(reason) => {
                self.retry_after(backoff(attempt), email, prepared, &reason)
                    .await?;
                if attempt < STREAM_ATTEMPTS {
                    Err(RetryLater)
                } else {
                    Ok(())
                }
            }
            SendOutcome::Unanswered => {
                let wait = backoff(attempt).max(BACKOFF_MIN);
                self.retry_after(wait, email, prepared, "no response").await
            }
        }
    }

    /// Releases the claim of an email that was not accepted, until `wait` is over or it expires.
    async fn retry_after(
        &self,
        wait: Duration,
        email: &OutboxEntry,
        prepared: &PreparedEmail,
        reason: &str,
    ) -> Result<(), RetryLater> {
        let next_attempt = self.app.clock.now().plus(wait).min(prepared.expires_at);
        let store = &self.app.store;
        Ok(store.retry_email_later(email, reason, next_attempt).await?)
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
        let key = ring.get(&prepared.kid).ok_or(NO_KEY)?;
        let link = self.link_and_code(ring, key, &email.link(prepared));
        let kind = MessageKind::of(prepared.template, &email.kind);
        let template = self.template(kind, email.language).await;
        let template = template.ok().flatten().ok_or(NO_TEMPLATE)?;
        let (config, public) = (&self.app.config, &self.public);
        Ok(Message::new(
            config,
            public,
            email,
            (kind, &template),
            &link,
        ))
    }
}
