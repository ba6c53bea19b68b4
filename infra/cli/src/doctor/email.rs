//! SES: the account and the configuration set.

use super::Patient;
use crate::error::Error;
use crate::findings::Findings;
use serde_json::{Value, json};

/// Checks that SES sends to everybody, and as much as the portal may send.
pub(super) async fn account(patient: &Patient, findings: &mut Findings) -> Result<(), Error> {
    let account = patient
        .services
        .ses(&["account"])
        .await?
        .unwrap_or_default();
    let is = |name| account.get(name) != Some(&json!(false));
    if !is("ProductionAccessEnabled") {
        findings.add(
            "SES is in the sandbox: it sends only to addresses that are verified.",
            "aws sesv2 put-account-details --production-access-enabled --mail-type TRANSACTIONAL \
             --website-url https://YOUR-SITE",
        );
        return Ok(());
    }
    let enforced = account.get("EnforcementStatus").and_then(Value::as_str);
    let status = enforced.unwrap_or("HEALTHY");
    if !is("SendingEnabled") || status == "SHUTDOWN" {
        let fix = "aws sesv2 put-account-sending-attributes --sending-enabled (or answer AWS: aws \
                   support describe-cases)";
        findings.add("SES sends nothing: sending is paused for the account.", fix);
    } else if status == "PROBATION" {
        let fix = "aws cloudwatch describe-alarms --state-value ALARM, then docs/runbook.md";
        findings.add("SES reviews the account for bounces or complaints.", fix);
    }
    quota(patient, &account, findings);
    Ok(())
}

fn quota(patient: &Patient, account: &Value, findings: &mut Findings) {
    let number = |name: &str| account.pointer(&format!("/SendQuota/{name}"))?.as_f64();
    let (Some(most), Some(sent)) = (number("Max24HourSend"), number("SentLast24Hours")) else {
        return;
    };
    let raise = "aws service-quotas request-service-quota-increase --service-code ses --quota-code \
                 L-804C8AE8 --desired-value EMAILS-A-DAY";
    let budget = patient.stack.parameter("EmailsPerDayPortal");
    // -1 stands for no limit.
    let is_limited = most >= 0.0;
    if is_limited && budget.parse::<f64>().is_ok_and(|budget| budget > most) {
        let problem = format!(
            "SES sends at most {most} emails a day, and EmailsPerDayPortal allows {budget}."
        );
        findings.add(problem, raise);
    }
    if is_limited && sent > most * 0.8 {
        let problem = format!("{sent} of the {most} emails that SES sends a day are used up.");
        findings.add(problem, raise);
    }
    if number("MaxSendRate").is_some_and(|rate| rate <= 1.0) {
        let fix = "aws service-quotas request-service-quota-increase --service-code ses \
                   --quota-code L-CDEF9B6B --desired-value EMAILS-A-SECOND";
        findings.add("SES sends at most one email a second.", fix);
    }
}

/// The events by which the delivery log learns what became of an email.
const EVENTS: [&str; 4] = ["DELIVERY", "BOUNCE", "COMPLAINT", "REJECT"];

/// Checks that the configuration set sends, and publishes its events to the stack's topic.
pub(super) async fn configuration_set(
    patient: &Patient,
    findings: &mut Findings,
) -> Result<(), Error> {
    let Some(name) = patient.template.physical("EmailConfigurationSet") else {
        return Ok(());
    };
    let Some(set) = patient.services.ses(&["configuration-sets", name]).await? else {
        let fix = format!("aws sesv2 create-configuration-set --configuration-set-name {name}");
        let problem = format!("The configuration set {name} is gone, so no email is sent.");
        findings.add(problem, fix);
        return Ok(());
    };
    if set.pointer("/SendingOptions/SendingEnabled") == Some(&json!(false)) {
        findings.add(
            format!("Sending is switched off for the configuration set {name}."),
            format!(
                "aws sesv2 put-configuration-set-sending-options --sending-enabled \
                 --configuration-set-name {name}"
            ),
        );
    }
    let reasons = set.pointer("/SuppressionOptions/SuppressedReasons");
    if reasons
        .and_then(Value::as_array)
        .is_some_and(|reasons| !reasons.is_empty())
    {
        findings.add(
            "SES suppresses addresses by its own list, which administrators cannot see or lift.",
            format!(
                "aws sesv2 put-configuration-set-suppression-options --suppressed-reasons \
                 --configuration-set-name {name}"
            ),
        );
    }
    events(patient, name, findings).await
}

async fn events(patient: &Patient, name: &str, findings: &mut Findings) -> Result<(), Error> {
    let segments = ["configuration-sets", name, "event-destinations"];
    let shown = patient.services.ses(&segments).await?.unwrap_or_default();
    let topic = patient
        .template
        .physical("EmailEventTopic")
        .unwrap_or_default();
    let destinations = shown.get("EventDestinations").and_then(Value::as_array);
    let mut destinations = destinations.into_iter().flatten();
    let is_ours = |one: &&Value| {
        one.pointer("/SnsDestination/TopicArn") == Some(&json!(topic))
            && one.get("Enabled") == Some(&json!(true))
    };
    let ours = destinations.find(is_ours);
    let types = ours
        .and_then(|one| one.get("MatchingEventTypes"))
        .and_then(Value::as_array);
    let has = |event: &str| {
        let mut types = types.into_iter().flatten().filter_map(Value::as_str);
        types.any(|known| known.eq_ignore_ascii_case(event))
    };
    if EVENTS.iter().any(|event| !has(event)) {
        let destination = json!({
            "Enabled": true, "SnsDestination": { "TopicArn": topic },
            "MatchingEventTypes": [
                "DELIVERY", "DELIVERY_DELAY", "BOUNCE", "COMPLAINT", "REJECT", "RENDERING_FAILURE"
            ],
        });
        findings.add(
            "SES does not report what becomes of emails, so addresses that bounce are not \
             suppressed.",
            format!(
                "aws sesv2 create-configuration-set-event-destination --configuration-set-name \
                 {name} --event-destination-name vestibule --event-destination {}",
                super::quote(&destination.to_string())
            ),
        );
    }
    Ok(())
}
