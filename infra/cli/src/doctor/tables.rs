//! Tables: the settings that keep data, and the one that deletes what has expired.

use super::Patient;
use super::template::Resource;
use crate::error::Error;
use crate::findings::Findings;
use crate::services::Services;
use serde_json::{Value, json};

const API: &str = "DynamoDB_20120810";

pub(super) async fn examine(patient: &Patient, findings: &mut Findings) -> Result<(), Error> {
    for table in patient.template.resources("AWS::DynamoDB::Table") {
        let examined = one(&patient.services, &table, findings).await;
        findings.note(examined);
    }
    Ok(())
}

async fn one(
    services: &Services,
    table: &Resource<'_>,
    findings: &mut Findings,
) -> Result<(), Error> {
    let name = table.physical;
    let is_wanted = |path: &[&str]| table.property(path) == Some(Value::Bool(true));
    if is_wanted(&["DeletionProtectionEnabled"]) {
        let shown = call(services, "DescribeTable", name).await?;
        if shown.pointer("/Table/DeletionProtectionEnabled") != Some(&json!(true)) {
            findings.add(
                format!("Nothing protects the table {name} from being deleted."),
                format!(
                    "aws dynamodb update-table --table-name {name} --deletion-protection-enabled"
                ),
            );
        }
    }
    let recovery = [
        "PointInTimeRecoverySpecification",
        "PointInTimeRecoveryEnabled",
    ];
    if is_wanted(&recovery) {
        let shown = call(services, "DescribeContinuousBackups", name).await?;
        let shown = shown.pointer("/ContinuousBackupsDescription/PointInTimeRecoveryDescription");
        let status = shown.and_then(|recovery| recovery.get("PointInTimeRecoveryStatus"));
        if status != Some(&json!("ENABLED")) {
            findings.add(
                format!("The table {name} cannot be restored: it has no point-in-time recovery."),
                format!(
                    "aws dynamodb update-continuous-backups --table-name {name} \
                     --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
                ),
            );
        }
    }
    if is_wanted(&["TimeToLiveSpecification", "Enabled"]) {
        let shown = call(services, "DescribeTimeToLive", name).await?;
        let status = shown.pointer("/TimeToLiveDescription/TimeToLiveStatus");
        let status = status.and_then(Value::as_str);
        if !status.is_some_and(|status| status.starts_with("ENABL")) {
            findings.add(
                format!("The table {name} grows for ever: its rows do not expire."),
                format!(
                    "aws dynamodb update-time-to-live --table-name {name} \
                     --time-to-live-specification Enabled=true,AttributeName=expires_at"
                ),
            );
        }
    }
    Ok(())
}

async fn call(services: &Services, operation: &str, table: &str) -> Result<Value, Error> {
    let body = json!({ "TableName": table });
    let target = format!("{API}.{operation}");
    services.json_call("dynamodb", &target, &body).await
}
