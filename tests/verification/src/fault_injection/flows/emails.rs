//! Emails, with failures of SES and the mailer that belong to the flow.

use super::{Flow, flow};
use crate::ensure;
use crate::fault_injection::fault::service_error;
use crate::fault_injection::injector::first;
use crate::fault_injection::scenario::{Scenario, StepResult};
use kit::{ADA, GRACE, mins};
use local::aws_stub::Fault;

pub(super) fn flows() -> Vec<Flow> {
    vec![
        flow!(email_to_nobody).ending(&["dropped"]),
        flow!(email_to_an_invited_user),
        flow!(email_to_a_suspended_user).ending(&["dropped"]),
        flow!(email_over_budget)
            .with(&[("EmailsPerHour", "1")])
            .ending(&["sent", "throttled"]),
        flow!(email_too_late).ending(&["expired"]),
        flow!(emails_in_one_batch).ending(&["sent", "dropped"]),
        flow!(provider_is_busy),
        flow!(provider_is_busy_for_long),
        flow!(provider_rejects).ending(&["failed"]),
        flow!(mailer_crashes_after_sending),
        flow!(mailer_always_crashes).ending(&["failed"]),
        flow!(email_waits_and_expires).ending(&["expired"]),
        flow!(email_waits_and_is_superseded).ending(&["superseded"]),
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

async fn email_waits_and_is_superseded(s: &Scenario) -> StepResult {
    claim_without_sending(s).await?;
    s.revoke_sessions(ADA).await?;
    s.deliver().await
}
