//! Emails and audit records as responses show them.

use serde::Serialize;
use shared::domain::audit::AuditRecord;
use shared::domain::email::DeliveryRecord;
use shared::domain::language::Language;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(crate) struct EmailView<'a> {
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

#[derive(Serialize)]
pub(crate) struct AuditRecordView<'a> {
    action: &'a str,
    resource: TargetView<'a>,
    metadata: &'a BTreeMap<String, String>,
    ip: &'a str,
    client: String,
    at: String,
}

#[derive(Serialize)]
struct TargetView<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: &'a str,
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

impl<'a> From<&'a AuditRecord> for AuditRecordView<'a> {
    fn from(record: &'a AuditRecord) -> Self {
        Self {
            action: &record.action,
            resource: TargetView {
                kind: &record.target.0,
                id: &record.target.1,
            },
            metadata: &record.metadata,
            ip: &record.client.ip,
            client: Language::English.client(&record.client),
            at: record.at.rfc3339(),
        }
    }
}
