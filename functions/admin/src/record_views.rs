//! Audit records as responses show them.

use serde::Serialize;
use shared::domain::audit::AuditRecord;
use shared::domain::language::Language;
use std::collections::BTreeMap;

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
