//! Emails that were held back, and that an administrator sends again.

use super::{Flow, flow};
use crate::fault_injection::fault::service_error;
use crate::fault_injection::injector::first;
use crate::fault_injection::scenario::{EVE, PAGE, Scenario, StepResult};
use crate::{ensure, ensure_eq};
use kit::{ADA, ApiClient, secs};
use local::SesEvent;
use serde_json::Value;

pub(super) fn flows() -> Vec<Flow> {
    vec![
        flow!(suppressed_email_is_lifted_and_redriven),
        flow!(failed_email_is_redriven),
        flow!(throttled_email_is_redriven).with(&[("EmailsPerHour", "1")]),
        flow!(waiting_invitation_is_redriven).with(&[("EmailsPerDayPortal", "1")]),
        flow!(expired_email_is_not_redriven).ending(&["expired"]),
    ]
}

/// Requests one email, however often the request is repeated.
async fn request(s: &Scenario, client: &ApiClient<'_>) -> StepResult {
    let request = client.request_login(ADA).idempotency_key(PAGE);
    s.expect(request, "200").await?;
    s.deliver().await
}

/// Returns the id of the only email in the list of held emails.
async fn held(s: &Scenario) -> StepResult<String> {
    let list = s.response(s.client().list_held_emails(), "200").await?;
    let emails = list.json()["emails"].clone();
    let ids: Vec<_> = emails.as_array().into_iter().flatten().collect();
    ensure_eq!(ids.len(), 1, "held emails");
    let id = ids.first().and_then(|email| email["id"].as_str());
    Ok(id.unwrap_or_default().to_owned())
}

/// Sends an email again. An administrator who has lost the response finds that it was.
async fn redrive(s: &Scenario, address: &str, id: &str) -> StepResult {
    let admin = s.client();
    let request = admin.redrive_email(address, id);
    s.expect_or_already(request, "202", "409 conflict").await?;
    let audit = s.world.audit("partner.email.redriven").len();
    ensure_eq!(audit, 1, "records of a redrive");
    s.deliver().await
}

/// Returns the events of the story of the newest email.
async fn story(s: &Scenario, address: &str) -> StepResult<Vec<String>> {
    let page = s
        .response(s.client().list_emails_to(address), "200")
        .await?;
    let page = page.json();
    let story = page["emails"][0]["story"].as_array().into_iter().flatten();
    let name = |event: &Value| event["event"].as_str().unwrap_or_default().to_owned();
    Ok(story.map(name).collect())
}

async fn suppressed_email_is_lifted_and_redriven(s: &Scenario) -> StepResult {
    let email = s.receive_login_email(&s.client(), ADA).await?;
    s.play(SesEvent::HardBounce, &email).await?;
    s.advance(secs(1));
    let client = s.client();
    request(s, &client).await?;
    let id = held(s).await?;
    s.expect(s.client().redrive_email(ADA, &id), "409 conflict")
        .await?;
    s.expect(s.client().lift_suppression(ADA), "200").await?;
    let audit = s.world.audit("partner.email.suppression.lifted").len();
    ensure_eq!(audit, 1, "records of a lifted suppression");
    redrive(s, ADA, &id).await?;
    let email = s.latest_email()?;
    s.redeem(&client, &email, client.verify_link(&email.token()))
        .await?;
    let story = story(s, ADA).await?;
    let is_whole = ["suppressed", "redriven", "sent", "link-used"]
        .iter()
        .all(|event| story.iter().any(|one| one == event));
    ensure!(is_whole, "a story lacks something: {story:?}");
    Ok(())
}

/// The link is that of the first attempt.
async fn failed_email_is_redriven(s: &Scenario) -> StepResult {
    let is_ses = |attempt: &local::aws_stub::Attempt| attempt.service == "ses";
    s.script(first(1, is_ses, |_| service_error(400, "MessageRejected")));
    request(s, &s.client()).await?;
    let rows = s.world.rows("emails");
    let has_failed = rows.iter().any(|row| row["status"]["S"] == "failed");
    if !has_failed {
        // The injected fault came first, and SES was asked again.
        return Ok(());
    }
    redrive(s, ADA, &held(s).await?).await?;
    ensure_eq!(s.world.rows("links").len(), 1, "links of a redriven email");
    Ok(())
}

async fn throttled_email_is_redriven(s: &Scenario) -> StepResult {
    request(s, &s.client()).await?;
    request(s, &s.client()).await?;
    redrive(s, ADA, &held(s).await?).await?;
    ensure_eq!(s.world.portal.inbox().len() > 1, true, "a redriven email");
    Ok(())
}

async fn waiting_invitation_is_redriven(s: &Scenario) -> StepResult {
    s.invite("one").await?;
    s.deliver().await?;
    let admin = s.client();
    let invite = admin.create_user("bob@example.com", "Bob");
    s.expect(invite.idempotency_key("two"), "201").await?;
    s.deliver_stream().await?;
    s.advance(secs(31));
    let id = held(s).await?;
    redrive(s, "bob@example.com", &id).await?;
    s.expect(s.client().list_emails_to(EVE), "200").await
}

async fn expired_email_is_not_redriven(s: &Scenario) -> StepResult {
    let is_ses = |attempt: &local::aws_stub::Attempt| attempt.service == "ses";
    s.script(first(usize::MAX, is_ses, |_| {
        service_error(400, "MessageRejected")
    }));
    request(s, &s.client()).await?;
    let id = held(s).await?;
    s.advance(kit::mins(15));
    s.expect(s.client().redrive_email(ADA, &id), "409 conflict")
        .await
}
