//! Users confirm their session, and have as many sessions as allowed.

use super::{Flow, flow};
use crate::ensure_eq;
use crate::fault_injection::injector::contention;
use crate::fault_injection::scenario::{FIRST, SECOND, Scenario, StepResult};
use kit::{ADA, ApiClient, mins};

pub(super) fn flows() -> Vec<Flow> {
    vec![
        flow!(confirm_by_password),
        flow!(confirm_by_code),
        flow!(confirm_under_contention),
        flow!(key_ring_refresh_for_a_confirmation),
        flow!(session_limit).with(&[("SessionsPerUser", "1")]),
        flow!(session_limit_by_link).with(&[("SessionsPerUser", "1")]),
    ]
}

/// Returns the time of the newest authentication.
async fn auth_time(s: &Scenario, client: &ApiClient<'_>) -> StepResult<String> {
    let me = s.response(client.me(), "200").await?;
    Ok(me.json()["session"]["auth_time"].to_string())
}

async fn confirm_by_password(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    let before = auth_time(s, &client).await?;
    s.advance(mins(1));
    let wrong = client.confirm_password(SECOND);
    s.fail_sign_in_with(&client, wrong, "401 invalid-credentials")
        .await?;
    ensure_eq!(auth_time(s, &client).await?, before, "an unconfirmed time");
    s.confirm(client.confirm_password(FIRST)).await?;
    let is_later = auth_time(s, &client).await? > before;
    ensure_eq!(is_later, true, "the time of a confirmation");
    Ok(())
}

/// A client that has lost the response finds the code used.
async fn confirm_by_code(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    let before = auth_time(s, &client).await?;
    s.advance(mins(1));
    let email = s.receive_login_email(&client, ADA).await?;
    s.confirm(client.confirm_code(&email.code)).await?;
    s.ledger().link_used(&email);
    let is_later = auth_time(s, &client).await? > before;
    ensure_eq!(is_later, true, "the time of a confirmation");
    Ok(())
}

async fn confirm_under_contention(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    let email = s.receive_login_email(&client, ADA).await?;
    s.script(contention());
    s.confirm(client.confirm_code(&email.code)).await?;
    s.ledger().link_used(&email);
    Ok(())
}

async fn key_ring_refresh_for_a_confirmation(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    s.advance(mins(6));
    s.confirm(client.confirm_password(FIRST)).await
}

async fn session_limit(s: &Scenario) -> StepResult {
    let first = s.ada().await?;
    let second = s.ada().await?;
    s.expect_signed_out(&first).await?;
    s.expect(second.me(), "200").await
}

async fn session_limit_by_link(s: &Scenario) -> StepResult {
    let first = s.ada().await?;
    let second = s.client();
    s.sign_in_by_link(&second, ADA).await?;
    s.expect_signed_out(&first).await?;
    s.expect(second.me(), "200").await
}
