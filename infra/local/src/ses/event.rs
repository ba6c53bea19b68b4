//! The documents that SES publishes about an email, as far as the local portal plays them.

use crate::inbox::ReceivedEmail;
use crate::template::ACCOUNT;
use serde_json::{Map, Value, json};
use shared::domain::time::Timestamp;
use std::collections::BTreeMap;

/// An event of an email that SES has accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SesEvent {
    Delivery,
    /// The mailbox does not exist.
    HardBounce,
    /// The mailbox is full.
    SoftBounce,
    Complaint,
    Delay,
    Reject,
    /// The address is on a list of SES.
    Suppressed,
    RenderingFailure,
}

impl SesEvent {
    /// All events, so that tests can play each.
    pub const ALL: [Self; 8] = [
        Self::Delivery,
        Self::HardBounce,
        Self::SoftBounce,
        Self::Complaint,
        Self::Delay,
        Self::Reject,
        Self::Suppressed,
        Self::RenderingFailure,
    ];

    /// Returns the document about `email`. The words of remote servers in it contain the address,
    /// as real ones may.
    pub fn document(self, email: &ReceivedEmail, at: Timestamp) -> Value {
        let (event_type, field, details) = self.details(&email.to, &at.rfc3339());
        let tags = email.tags.iter().map(|(name, value)| (name, [value]));
        let mail = json!({
            "timestamp": email.sent_at,
            "source": email.from,
            "sendingAccountId": ACCOUNT,
            "messageId": email.message_id,
            "destination": [email.to],
            "headersTruncated": false,
            "tags": tags.collect::<BTreeMap<_, _>>(),
        });
        let fields = [
            ("eventType", json!(event_type)),
            ("mail", mail),
            (field, details),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value));
        Value::Object(Map::from_iter(fields))
    }

    /// Returns the type of the event, and the name and value of the field with its details.
    fn details(self, to: &str, at: &str) -> (&'static str, &'static str, Value) {
        match self {
            Self::Delivery => {
                let response = "250 2.0.0 OK";
                let details = json!({
                    "timestamp": at,
                    "processingTimeMillis": 546,
                    "recipients": [to],
                    "smtpResponse": response,
                    "reportingMTA": "mta.example.com",
                });
                ("Delivery", "delivery", details)
            }
            Self::HardBounce => {
                let words = format!("smtp; 550 5.1.1 <{to}>: no such user");
                bounce(at, ("Permanent", "General"), to, Some(&words))
            }
            Self::SoftBounce => {
                let words = format!("smtp; 452 4.2.2 <{to}>: mailbox full");
                bounce(at, ("Transient", "MailboxFull"), to, Some(&words))
            }
            Self::Suppressed => bounce(at, ("Permanent", "OnAccountSuppressionList"), to, None),
            Self::Complaint => {
                let details = json!({
                    "timestamp": at,
                    "complainedRecipients": [{"emailAddress": to}],
                    "complaintFeedbackType": "abuse",
                    "complaintSubType": null,
                });
                ("Complaint", "complaint", details)
            }
            Self::Delay => {
                let words = format!("smtp; 451 4.4.1 <{to}>: try again later");
                let recipient =
                    json!({"emailAddress": to, "status": "4.4.1", "diagnosticCode": words});
                let details = json!({
                    "timestamp": at,
                    "delayType": "RecipientServerError",
                    "delayedRecipients": [recipient],
                });
                ("DeliveryDelay", "deliveryDelay", details)
            }
            Self::Reject => ("Reject", "reject", json!({"reason": "Bad content"})),
            Self::RenderingFailure => {
                let details = json!({"errorMessage": "no template", "templateName": "none"});
                ("Rendering Failure", "failure", details)
            }
        }
    }
}

fn bounce(
    at: &str,
    (kind, sub_kind): (&str, &str),
    to: &str,
    words: Option<&str>,
) -> (&'static str, &'static str, Value) {
    let mut recipient = json!({"emailAddress": to});
    if let (Some(words), Some(fields)) = (words, recipient.as_object_mut()) {
        fields.insert("action".to_owned(), json!("failed"));
        fields.insert("diagnosticCode".to_owned(), json!(words));
    }
    let details = json!({
        "timestamp": at,
        "bounceType": kind,
        "bounceSubType": sub_kind,
        "bouncedRecipients": [recipient],
    });
    ("Bounce", "bounce", details)
}
