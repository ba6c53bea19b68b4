//! An email of the delivery log as responses show it.

use crate::domain::email::DeliveryRecord;
use serde::Serialize;

#[derive(Serialize)]
pub struct EmailView<'a> {
    id: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a str>,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    requested_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    attempts: u64,
}

impl<'a> From<&'a DeliveryRecord> for EmailView<'a> {
    fn from(email: &'a DeliveryRecord) -> Self {
        Self {
            id: email.id.as_str(),
            kind: &email.kind,
            template: email.template.as_deref(),
            status: email.status(),
            reason: email.reason(),
            message_id: email.message_id.as_deref(),
            requested_at: email.requested_at.rfc3339(),
            waits_until: email.waits_until.map(|at| at.rfc3339()),
            ended_at: email.ended_at.map(|at| at.rfc3339()),
            attempts: email.attempts,
        }
    }
}
