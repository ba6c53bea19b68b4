//! Emails, with failures of SES and the mailer that belong to the flow.

use super::{Flow, flow};
use crate::fault_injection::fault::service_error;
use crate::fault_injection::injector::first;
use crate::fault_injection::scenario::{PAGE, Scenario, StepResult};
use crate::{ensure, ensure_eq};
use kit::{ADA, ApiClient, ApiRequest, GRACE, hours, mins, secs};
use local::SesEvent;
use local::aws_stub::Fault;

pub(super) fn flows() -> Vec<Flow> {
    vec![
        flow!(email_to_nobody).ending(&["dropped"]),
        flow!(email_to_an_invited_user),
        flow!(email_to_a_suspended_user).ending(&["dropped"]),
        flow!(email_over_budget)
            .with(&[("EmailsPerHour", "1")])
            .ending(&["sent", "throttled"]),
        flow!(email_over_the_budget_of_others)
            .with(&[("EmailsPerHour", "1")])
            .ending(&["sent", "throttled"]),
        flow!(invitation_over_budget)
            .with(&[("EmailsPerDayPortal", "1")])
            .ending(&["sent", "superseded"]),
        flow!(request_twice),
        flow!(request_form_twice),
        flow!(email_too_late).ending(&["expired"]),
        flow!(emails_in_one_batch).ending(&["sent", "dropped"]),
        flow!(provider_is_busy),
        flow!(provider_is_busy_for_long),
        flow!(provider_rejects).ending(&["failed"]),
        flow!(mailer_crashes_after_sending),
        flow!(mailer_always_crashes).ending(&["failed"]),
        flow!(email_waits_and_expires).ending(&["expired"]),
        flow!(email_waits_and_is_superseded).ending(&["superseded"]),
        flow!(email_bounces).ending(&["sent", "suppressed"]),
        flow!(email_arrives_after_its_response_is_lost),
    ]
}

const NOBODY: &str = "nobody@example.com";

/// Makes SES fail for the first emails.
fn fail_first(s: &Scenario, times: usize, fault: Fault) {
    let is_ses = |attempt: &local::aws_stub::Attempt| attempt.service == "ses";
    s.script(first(times, is_ses, move |_| fault.clone()));
}

async fn request(s: &Scenario, email: &str) -> StepResult {
    s.expect(s.client().request_login(email), "200").await
}

async fn email_to(s: &Scenario, email: &str) -> StepResult {
    request(s, email).await?;
    s.deliver().await
}

async fn email_to_nobody(s: &Scenario) -> StepResult {
    email_to(s, NOBODY).await
}

async fn email_to_an_invited_user(s: &Scenario) -> StepResult {
    email_to(s, GRACE).await
}

async fn email_to_a_suspended_user(s: &Scenario) -> StepResult {
    s.set_status(ADA, "suspended").await?;
    email_to(s, ADA).await
}

async fn email_over_budget(s: &Scenario) -> StepResult {
    email_to(s, ADA).await?;
    email_to(s, ADA).await?;
    let rows = s.world.rows("emails");
    let sent = rows
        .iter()
        .filter(|row| row["status"]["S"] == "sent")
        .count();
    ensure!(sent == 1, "{sent} emails were sent on a budget of one");
    Ok(())
}

/// Others use up the budget of an address; a browser that has signed in has its own.
async fn email_over_the_budget_of_others(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    email_to(s, ADA).await?;
    email_to(s, ADA).await?;
    let replaced = client.session().unwrap_or_default();
    s.sign_in_by_link(&client, ADA).await?;
    s.ledger().session_ended(&replaced);
    Ok(())
}

/// The sweep sends the invitation on the next day.
async fn invitation_over_budget(s: &Scenario) -> StepResult {
    s.receive_email(s.client().resend_invitation(&s.user_id(GRACE)), "202")
        .await?;
    s.invite("one").await?;
    s.deliver_stream().await?;
    let rows = s.world.rows("emails");
    let waits = rows.iter().any(|row| row["waits_until"].is_object());
    ensure!(waits, "an invitation does not wait: {rows:?}");
    s.advance(hours(10));
    s.deliver().await?;
    s.activate(&s.client(), &s.latest_email()?).await
}

/// The second request gets the nonce of the first, and sends nothing.
async fn request_twice(s: &Scenario) -> StepResult {
    let client = s.client();
    let request = client.request_login(ADA).idempotency_key(PAGE);
    repeat(s, &client, request, "200").await
}

async fn request_form_twice(s: &Scenario) -> StepResult {
    let client = s.client();
    let request = client.request_login(ADA).idempotency_key(PAGE).form();
    repeat(s, &client, request, "303 /auth/check-email").await
}

/// Sends a request twice; the browser drops the first response.
async fn repeat(
    s: &Scenario,
    client: &ApiClient<'_>,
    request: ApiRequest<'_>,
    outcome: &str,
) -> StepResult {
    s.expect(request.clone(), outcome).await?;
    let first = client.nonces();
    client.set_nonces(None);
    let email = s.receive_email(request, outcome).await?;
    ensure_eq!(client.nonces(), first, "the nonce of a repetition");
    ensure_eq!(s.world.rows("emails").len(), 1, "emails");
    s.redeem_code(client, &email).await
}

async fn email_too_late(s: &Scenario) -> StepResult {
    request(s, ADA).await?;
    s.advance(mins(16));
    s.deliver().await
}

/// One batch: an email that is sent, one that is dropped, and another one that is sent.
async fn emails_in_one_batch(s: &Scenario) -> StepResult {
    for email in [ADA, NOBODY, ADA] {
        request(s, email).await?;
    }
    s.deliver().await
}

async fn provider_is_busy(s: &Scenario) -> StepResult {
    fail_first(s, 2, service_error(429, "TooManyRequestsException"));
    s.sign_in_by_link(&s.client(), ADA).await.map(drop)
}

/// SES is busy for longer than the stream retries: the sweep sends the email.
async fn provider_is_busy_for_long(s: &Scenario) -> StepResult {
    fail_first(s, 4, service_error(429, "TooManyRequestsException"));
    s.sign_in_by_link(&s.client(), ADA).await.map(drop)
}

async fn provider_rejects(s: &Scenario) -> StepResult {
    fail_first(s, usize::MAX, service_error(400, "MessageRejected"));
    email_to(s, ADA).await
}

async fn mailer_crashes_after_sending(s: &Scenario) -> StepResult {
    fail_first(s, 1, Fault::DieAfter);
    s.sign_in_by_link(&s.client(), ADA).await.map(drop)
}

async fn mailer_always_crashes(s: &Scenario) -> StepResult {
    fail_first(s, usize::MAX, Fault::DieBefore);
    email_to(s, ADA).await
}

/// Returns once an email is claimed and cannot be sent.
async fn claim_without_sending(s: &Scenario) -> StepResult {
    fail_first(s, usize::MAX, Fault::FailBefore);
    request(s, ADA).await?;
    for _ in 0..8 {
        s.deliver_once().await?;
        let rows = s.world.rows("emails");
        if rows.iter().any(|row| row["status"]["S"] == "sending") {
            return Ok(());
        }
    }
    Err("no email is ever claimed".to_owned())
}

async fn email_waits_and_expires(s: &Scenario) -> StepResult {
    claim_without_sending(s).await?;
    s.advance(mins(16));
    s.deliver().await
}

/// The user's epoch moves, and nobody is told.
async fn email_waits_and_is_superseded(s: &Scenario) -> StepResult {
    claim_without_sending(s).await?;
    for status in ["suspended", "active"] {
        s.set_status(ADA, status).await?;
    }
    s.deliver().await
}

/// The bounce arrives twice, and nothing more is sent to the address.
async fn email_bounces(s: &Scenario) -> StepResult {
    let email = s.receive_login_email(&s.client(), ADA).await?;
    s.play(SesEvent::HardBounce, &email).await?;
    s.play(SesEvent::HardBounce, &email).await?;
    s.advance(secs(1));
    email_to(s, ADA).await?;
    let audit = s.world.audit("partner.email.suppressed").len();
    ensure_eq!(audit, 1, "records of a suppression");
    let rows = s.world.rows("emails");
    let suppressed = rows.iter().any(|row| row["status"]["S"] == "suppressed");
    ensure!(suppressed, "an email to a suppressed address was sent");
    Ok(())
}

/// An event that comes first keeps the email from being sent again.
async fn email_arrives_after_its_response_is_lost(s: &Scenario) -> StepResult {
    fail_first(s, 1, Fault::DieAfter);
    request(s, ADA).await?;
    s.deliver_once().await?;
    if let Ok(email) = s.latest_email() {
        s.play(SesEvent::Delivery, &email).await?;
    }
    s.deliver().await
}
