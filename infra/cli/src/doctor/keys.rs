//! The key ring, parsed as the functions do, and the keys of access tokens in KMS.

use super::Patient;
use crate::error::Error;
use crate::findings::Findings;
use crate::secret::Secret;
use serde_json::{Value, json};
use shared::keys::KeyRing;

pub(super) async fn examine(patient: &Patient, findings: &mut Findings) {
    let read = Secret::read(&patient.aws, &patient.stack).await;
    match read.and_then(|secret| secret.ring()) {
        Ok(ring) => {
            let examined = access_tokens(patient, &ring, findings).await;
            findings.note(examined);
        }
        Err(error) => {
            let fix = format!("vestibule keys revert --stack {}", patient.stack.name);
            findings.add(format!("No function can start. {error}"), fix);
        }
    }
}

/// Checks that KMS can sign with each key.
async fn access_tokens(
    patient: &Patient,
    ring: &KeyRing,
    findings: &mut Findings,
) -> Result<(), Error> {
    let Some(own) = &patient.stack.access_token_key else {
        return Ok(());
    };
    for key in ring.access_token_keys(own).all() {
        let arn = key.arn.as_str();
        let body = json!({ "KeyId": arn });
        let call = patient
            .services
            .json_call("kms", "TrentService.DescribeKey", &body);
        let state = call.await?;
        let state = state
            .pointer("/KeyMetadata/KeyState")
            .and_then(Value::as_str);
        let fix = match state {
            Some("Enabled") => continue,
            Some("PendingDeletion") => format!(
                "aws kms cancel-key-deletion --key-id {arn} && aws kms enable-key --key-id {arn}"
            ),
            _ => format!("aws kms enable-key --key-id {arn}"),
        };
        let state = state.unwrap_or("unknown");
        let kid = key.kid();
        let problem = format!("The key {kid} of access tokens does not sign: it is {state}.");
        findings.add(problem, fix);
    }
    Ok(())
}
