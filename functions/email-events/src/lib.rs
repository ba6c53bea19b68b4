//! `email-events` records what SES says about the emails that it has accepted. It has no route.
//!
//! SES publishes its events to a topic, which invokes this function. They come late, repeatedly and
//! in any order: a row collects them as a set. The tag alone says which row an event is about. No
//! address in a document is read, so a document cannot suppress another address than its row's.
//!
//! | event of SES | event of the email | suppresses the address |
//! |---|---|---|
//! | `Delivery` | delivered | no |
//! | `DeliveryDelay` | delayed | no |
//! | `Bounce`, `Permanent` | hard bounce | yes |
//! | `Bounce`, `Transient` or `Undetermined` | soft bounce | no |
//! | `Bounce` or `Complaint` because of a list of SES | suppressed | no |
//! | `Complaint` | complaint | yes |
//! | `Reject` | rejected | no |
//! | `Rendering Failure` | not rendered | no |
//!
//! A document that cannot be read never could be: it is logged, without its content, and dropped.
//! Where the store cannot be reached, the invocation fails. Lambda then repeats it twice, and hands
//! the document to a queue that has an alarm.

mod document;
mod notification;

use document::Document;
use serde_json::Value;
use shared::aws::Aws;
use shared::clock::Clock;
use shared::config::{Config, StartError};
use shared::domain::audit::{Action, AuditEvent, Target};
use shared::domain::client::ClientInfo;
use shared::domain::email::{EmailEvent, EmailEventKind, Suppression, SuppressionReason};
use shared::env::Env;
use shared::lambda::Bootstrap;
use shared::store::{Store, Unavailable};

pub const ROUTES: &[&str] = &[];

/// A context without the key ring: documents that quote remote servers need no secret.
pub struct EmailEvents {
    config: Config,
    clock: Clock,
    store: Store,
}

impl Bootstrap for EmailEvents {
    async fn start(aws: &Aws, env: &Env) -> Result<Self, StartError> {
        let config = Config::read(env)?;
        let store = Store::new(aws, &config.table_prefix, env.random.clone());
        store.connect().await;
        Ok(Self {
            config,
            clock: env.clock.clone(),
            store,
        })
    }
}

/// Records the events in the notifications of a topic.
///
/// # Errors
/// The message of a failed invocation where the store cannot be reached.
pub async fn handle(events: &EmailEvents, event: Value) -> Result<(), &'static str> {
    let documents = notification::documents(&event);
    if documents.is_empty() {
        tracing::error!("an event holds no notification");
    }
    for text in documents {
        if notification::is_greeting(text) {
            continue;
        }
        let Some(document) = Document::parse(text) else {
            tracing::error!("an event of SES could not be read");
            continue;
        };
        let recorded = events.record(&document).await;
        recorded.map_err(|Unavailable| "Unavailable")?;
    }
    Ok(())
}

impl EmailEvents {
    /// Adds the event to its email, and suppresses the address if it is a hard bounce or a
    /// complaint. An email that does not exist any more gets neither: its user may be erased.
    async fn record(&self, document: &Document) -> Result<(), Unavailable> {
        let Document {
            email,
            message_id,
            event,
        } = document;
        let store = &self.store;
        let recorded = store.record_email_event(email, event, message_id).await?;
        tracing::info!(
            kind = event.kind.as_str(),
            email_id = email.id.as_str(),
            recorded,
            "email event"
        );
        if let Some(suppression) = suppression(event).filter(|_| recorded) {
            let record = self.suppressed(document, suppression.reason);
            store
                .suppress_address(&email.to, &suppression, &record)
                .await?;
        }
        Ok(())
    }

    fn suppressed(&self, document: &Document, reason: SuppressionReason) -> AuditEvent {
        let now = self.clock.now();
        let address = document.email.to;
        AuditEvent {
            portal: self.config.portal.clone(),
            action: Action::AddressSuppressed,
            subject: address.into(),
            target: Target::Address(address),
            metadata: vec![("reason", reason.as_str().to_owned())],
            client: ClientInfo::default(),
            at: now,
            expires_at: now.plus(self.config.audit_retention),
        }
    }
}

/// Returns the suppression that the event calls for.
fn suppression(event: &EmailEvent) -> Option<Suppression> {
    let reason = match event.kind {
        EmailEventKind::HardBounce => SuppressionReason::HardBounce,
        EmailEventKind::Complaint => SuppressionReason::Complaint,
        _ => return None,
    };
    Some(Suppression {
        since: event.at,
        reason,
        detail: event.detail.clone(),
    })
}
