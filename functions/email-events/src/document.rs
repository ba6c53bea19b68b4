//! The documents in which SES describes an event of an email.
//!
//! Fields that are not read here may be there. Those that are read must have their type.

use serde::Deserialize;
use shared::domain::email::{EmailEvent, EmailEventKind, OutboxKey, TAG};
use shared::domain::time::Timestamp;
use std::collections::BTreeMap;

/// The maximum length of a message id. Those of SES have about 60 characters.
const MAX_MESSAGE_ID: usize = 200;
/// The kinds of bounces and complaints of emails that SES did not try to deliver.
const NOT_TRIED: [&str; 2] = ["Suppressed", "OnAccountSuppressionList"];
/// The feedback type that says that an email is no spam.
const NOT_SPAM: &str = "not-spam";

/// An event, and the email that it is about.
pub(crate) struct Document {
    pub(crate) email: OutboxKey,
    pub(crate) message_id: String,
    pub(crate) event: EmailEvent,
}

impl Document {
    /// Parses the JSON of an event. Returns `None` unless it is complete and of a known kind.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parsed: Parsed = serde_json::from_str(text).ok()?;
        let Mail {
            timestamp,
            message_id,
            tags,
        } = parsed.mail;
        let [tag] = tags.get(TAG)?.as_slice() else {
            return None;
        };
        let is_id = (1..=MAX_MESSAGE_ID).contains(&message_id.len())
            && message_id.bytes().all(|byte| byte.is_ascii_graphic());
        let email = OutboxKey::from_tag(tag).filter(|_| is_id)?;
        let (at, kind, detail) = parsed.event.spec(timestamp)?;
        let event = EmailEvent::new(Timestamp::parse_rfc3339(&at)?, kind, &detail);
        Some(Self {
            email,
            message_id,
            event,
        })
    }
}

#[derive(Deserialize)]
struct Parsed {
    mail: Mail,
    #[serde(flatten)]
    event: Event,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    /// Time at which SES accepted the email.
    timestamp: String,
    message_id: String,
    tags: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(tag = "eventType")]
enum Event {
    Delivery {
        delivery: Delivery,
    },
    Bounce {
        bounce: Bounce,
    },
    Complaint {
        complaint: Complaint,
    },
    Reject {
        reject: Reject,
    },
    #[serde(rename = "Rendering Failure")]
    RenderingFailure {
        failure: Failure,
    },
    DeliveryDelay {
        #[serde(rename = "deliveryDelay")]
        delay: Delay,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    timestamp: String,
    smtp_response: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    timestamp: String,
    bounce_type: String,
    bounce_sub_type: String,
    bounced_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    timestamp: String,
    complaint_sub_type: Option<String>,
    complaint_feedback_type: Option<String>,
}

#[derive(Deserialize)]
struct Reject {
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    error_message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delay {
    timestamp: String,
    delay_type: String,
    delayed_recipients: Vec<Recipient>,
}

/// A recipient, without the address. Every email has one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    status: Option<String>,
    diagnostic_code: Option<String>,
}

impl Event {
    /// Returns the time, the kind and the provider's words. SES dates some events only by the time
    /// at which it `accepted` the email. Returns `None` for an unknown kind of bounce.
    fn spec(self, accepted: String) -> Option<(String, EmailEventKind, String)> {
        Some(match self {
            Self::Delivery { delivery } => (
                delivery.timestamp,
                EmailEventKind::Delivered,
                delivery.smtp_response,
            ),
            Self::Bounce { bounce } => {
                let kind = bounce.kind()?;
                let words = words(bounce.bounced_recipients, bounce.bounce_sub_type);
                (bounce.timestamp, kind, words)
            }
            Self::Complaint { complaint } => complaint.spec()?,
            Self::Reject { reject } => (accepted, EmailEventKind::Rejected, reject.reason),
            Self::RenderingFailure { failure } => {
                (accepted, EmailEventKind::NotRendered, failure.error_message)
            }
            Self::DeliveryDelay { delay } => {
                let words = words(delay.delayed_recipients, delay.delay_type);
                (delay.timestamp, EmailEventKind::Delayed, words)
            }
        })
    }
}

impl Bounce {
    fn kind(&self) -> Option<EmailEventKind> {
        match self.bounce_type.as_str() {
            _ if NOT_TRIED.contains(&self.bounce_sub_type.as_str()) => {
                Some(EmailEventKind::Suppressed)
            }
            "Permanent" => Some(EmailEventKind::HardBounce),
            "Transient" | "Undetermined" => Some(EmailEventKind::SoftBounce),
            _ => None,
        }
    }
}

impl Complaint {
    /// Returns `None` for the feedback type of a complaint taken back (RFC 5965, 7.3).
    fn spec(self) -> Option<(String, EmailEventKind, String)> {
        let list = self.complaint_sub_type;
        if let Some(list) = list.filter(|list| NOT_TRIED.contains(&list.as_str())) {
            return Some((self.timestamp, EmailEventKind::Suppressed, list));
        }
        let words = self.complaint_feedback_type.unwrap_or_default();
        (words != NOT_SPAM).then_some((self.timestamp, EmailEventKind::Complaint, words))
    }
}

/// Returns the words of the recipient's server, its status code, or else `otherwise`.
fn words(recipients: Vec<Recipient>, otherwise: String) -> String {
    let first = recipients.into_iter().next();
    let words = first.and_then(|recipient| recipient.diagnostic_code.or(recipient.status));
    words.unwrap_or(otherwise)
}
