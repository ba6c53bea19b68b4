//! The stream and the schedule that invoke the mailer.

use super::Patient;
use crate::error::Error;
use crate::findings::Findings;
use crate::services::LAMBDA_API;
use serde_json::{Value, json};

/// Checks that the stream and the schedule invoke the mailer.
pub(super) async fn examine(patient: &Patient, findings: &mut Findings) -> Result<(), Error> {
    for mapping in patient
        .template
        .resources("AWS::Lambda::EventSourceMapping")
    {
        let uuid = mapping.physical;
        let shown = patient
            .services
            .lambda(LAMBDA_API, &["event-source-mappings", uuid])
            .await?;
        let state = shown
            .get("State")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if state.starts_with("Disabl") {
            findings.add(
                "Emails are late: the stream of the emails table does not invoke the mailer.",
                format!("aws lambda update-event-source-mapping --uuid {uuid} --enabled"),
            );
        }
    }
    for rule in patient.template.resources("AWS::Events::Rule") {
        let name = rule.physical;
        let body = json!({ "Name": name });
        let call = patient
            .services
            .json_call("events", "AWSEvents.DescribeRule", &body);
        if call.await?.get("State") == Some(&json!("DISABLED")) {
            findings.add(
                "Emails that fail are not sent again: the schedule of the mailer is disabled.",
                format!("aws events enable-rule --name {name}"),
            );
        }
    }
    Ok(())
}
