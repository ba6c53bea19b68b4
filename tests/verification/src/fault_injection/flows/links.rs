//! Users sign in by links and codes, and sign out.

use super::{Flow, flow};
use crate::fault_injection::injector::contention;
use crate::fault_injection::scenario::{Scenario, StepResult};
use crate::{ensure, ensure_eq};
use kit::{ADA, GRACE, form, mins, routes, secs};
use reqwest::Method;
use shared::domain::time::Timestamp;

pub(super) fn flows() -> Vec<Flow> {
    vec![
        flow!(link),
        flow!(link_twice),
        flow!(link_page),
        flow!(link_page_with_a_long_next),
        flow!(link_page_in_another_browser),
        flow!(link_and_code_in_another_browser).with(&[("OtherBrowser", "code")]),
        flow!(link_used_in_another_browser),
        flow!(link_used_by_somebody_else),
        flow!(link_under_contention),
        flow!(link_activates).with(&[("Activation", "link")]),
        flow!(code),
        flow!(code_of_an_older_email),
        flow!(code_wrong),
        flow!(code_attempts_exhausted).with(&[("CodeAttempts", "1")]),
        flow!(bearer),
        flow!(last_seen),
        flow!(logout),
        flow!(logout_by_form),
        flow!(revocation_voids_links),
        flow!(key_ring_refresh),
        flow!(key_ring_refresh_for_a_code),
    ]
}

async fn link(s: &Scenario) -> StepResult {
    let client = s.client();
    s.sign_in_by_link(&client, ADA).await?;
    s.expect(client.me(), "200").await
}

/// The repetition gets the same session.
async fn link_twice(s: &Scenario) -> StepResult {
    let client = s.client();
    let email = s.sign_in_by_link(&client, ADA).await?;
    let first = client.session();
    s.expect(client.verify_link(&email.token()), "200").await?;
    ensure_eq!(client.session(), first, "the session of a repetition");
    Ok(())
}

async fn link_page(s: &Scenario) -> StepResult {
    link_page_with(s, "/reports").await
}

/// The redemption reads `next` from the link's row.
async fn link_page_with_a_long_next(s: &Scenario) -> StepResult {
    link_page_with(s, &format!("/{}", "a".repeat(2047))).await
}

async fn link_page_with(s: &Scenario, next: &str) -> StepResult {
    let client = s.client();
    let request = client.request_login(ADA).next(next).form();
    let url = format!("{}{next}", s.world.portal.public_url());
    let check_email = format!("303 /auth/check-email?{}", form(&[("next", &url)]));
    let email = s.receive_email(request, &check_email).await?;
    s.submit_link_page(&client, &email, &[], &format!("303 {next}"))
        .await?;
    s.session_started(&client)?;
    s.expect(client.me(), "200").await
}

async fn link_page_in_another_browser(s: &Scenario) -> StepResult {
    link_in_another_browser(s, false).await
}

async fn link_and_code_in_another_browser(s: &Scenario) -> StepResult {
    link_in_another_browser(s, true).await
}

async fn link_in_another_browser(s: &Scenario, with_code: bool) -> StepResult {
    let (requesting, other) = (s.client(), s.client());
    let email = s.receive_login_email(&requesting, ADA).await?;
    let code = [("code", email.code.as_str())];
    let fields = if with_code { &code[..] } else { &[] };
    s.submit_link_page(&other, &email, fields, "303 /auth/account")
        .await?;
    s.session_started(&other)?;
    s.expect(other.me(), "200").await
}

/// The requesting browser finds the link and its code used, and ends the session of whoever used
/// them.
async fn link_used_in_another_browser(s: &Scenario) -> StepResult {
    let (requesting, other) = (s.client(), s.client());
    let email = s.receive_login_email(&requesting, ADA).await?;
    s.submit_link_page(&other, &email, &[], "303 /auth/account")
        .await?;
    s.session_started(&other)?;
    for request in [
        requesting.verify_link(&email.token()),
        requesting.verify_code(&email.code),
    ] {
        s.expect(request, "410 used-token").await?;
    }
    let end = requesting.logout().with("token", email.token()).form();
    s.expect(end, "303 /auth/sign-in?notice=session-ended")
        .await?;
    s.expect_signed_out(&other).await
}

async fn link_used_by_somebody_else(s: &Scenario) -> StepResult {
    let (owner, late) = (s.client(), s.client());
    let email = s.sign_in_by_link(&owner, ADA).await?;
    let request = late.verify_link(&email.token());
    let request = request.idempotency_key("somebody-elses-attempt");
    s.expect(request, "410 used-token").await?;
    s.expect(owner.me(), "200").await
}

async fn link_under_contention(s: &Scenario) -> StepResult {
    let client = s.client();
    let email = s.receive_login_email(&client, ADA).await?;
    s.script(contention());
    s.redeem(&client, &email, client.verify_link(&email.token()))
        .await?;
    s.expect(client.me(), "200").await
}

async fn link_activates(s: &Scenario) -> StepResult {
    let client = s.client();
    s.sign_in_by_link(&client, GRACE).await?;
    s.expect(client.me(), "200").await
}

async fn code(s: &Scenario) -> StepResult {
    let client = s.client();
    let email = s.receive_login_email(&client, ADA).await?;
    s.redeem_code(&client, &email).await?;
    s.expect(client.me(), "200").await
}

async fn code_of_an_older_email(s: &Scenario) -> StepResult {
    let client = s.client();
    let older = s.receive_login_email(&client, ADA).await?;
    s.advance(mins(1));
    s.receive_login_email(&client, ADA).await?;
    s.redeem_code(&client, &older).await?;
    s.expect(client.me(), "200").await
}

async fn code_wrong(s: &Scenario) -> StepResult {
    let client = s.client();
    let email = s.receive_login_email(&client, ADA).await?;
    s.fail_code(&client, &email.wrong_code()).await?;
    s.redeem_code(&client, &email).await
}

async fn code_attempts_exhausted(s: &Scenario) -> StepResult {
    let client = s.client();
    let older = s.receive_login_email(&client, ADA).await?;
    s.fail_code(&client, &older.wrong_code()).await?;
    s.advance(mins(1));
    // One of two links now has an attempt left, and then none.
    let newer = s.receive_login_email(&client, ADA).await?;
    for code in [&older.code, &newer.code] {
        s.fail_code(&client, code).await?;
    }
    s.redeem(&client, &newer, client.verify_link(&newer.token()))
        .await
}

async fn bearer(s: &Scenario) -> StepResult {
    let client = s.client();
    let response = s
        .response(client.request_login(ADA).bearer_transport(), "200")
        .await?;
    s.deliver().await?;
    let email = s.latest_email()?;
    let nonce = response.json()["request"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let request = client
        .verify_code(&email.code)
        .login_request(&nonce)
        .bearer_transport();
    let response = s.response(request, "200").await?.json();
    let token = response["session"]["token"]
        .as_str()
        .ok_or("there is no token")?;
    s.ledger().session_started(token.to_owned());
    s.ledger().link_used(&email);
    for (method, path) in [(Method::GET, routes::ME), (Method::POST, routes::LOGOUT)] {
        let request = client.request(method, path).body(serde_json::json!({}));
        s.expect(request.bearer_token(token), "200").await?;
    }
    s.ledger().session_ended(token);
    Ok(())
}

/// Writes the last-seen time twice, and logs out.
async fn last_seen(s: &Scenario) -> StepResult {
    let client = s.client();
    s.sign_in_by_link(&client, ADA).await?;
    for _ in 0..2 {
        s.advance(mins(6));
        s.expect(client.me(), "200").await?;
        // Clients retry for a few seconds.
        let is_recent = |millis: u64| {
            let seen = Timestamp::from_millis(millis);
            s.world.clock.now().since(seen) <= secs(30)
        };
        let rows = s.world.rows("sessions").into_iter();
        let mut seen = rows.filter_map(|row| row["last_seen_at"]["N"].as_str()?.parse().ok());
        ensure!(seen.any(is_recent), "the last-seen time is old");
    }
    s.log_out(&client, client.logout(), "200").await
}

async fn logout(s: &Scenario) -> StepResult {
    let client = s.client();
    s.sign_in_by_link(&client, ADA).await?;
    let token = client.session();
    s.log_out(&client, client.logout(), "200").await?;
    client.set_session(token.as_deref());
    s.expect(client.me(), "401 not-authenticated").await?;
    s.expect(client.logout(), "200").await
}

async fn logout_by_form(s: &Scenario) -> StepResult {
    let client = s.client();
    s.sign_in_by_link(&client, ADA).await?;
    s.log_out(&client, client.logout().form(), "303 /auth/sign-in")
        .await
}

async fn revocation_voids_links(s: &Scenario) -> StepResult {
    let (client, requesting) = (s.client(), s.client());
    s.sign_in_by_link(&client, ADA).await?;
    let email = s.receive_login_email(&requesting, ADA).await?;
    s.revoke_sessions(ADA).await?;
    s.expect_signed_out(&client).await?;
    s.expect(requesting.verify_link(&email.token()), "400 invalid-token")
        .await?;
    s.fail_code(&requesting, &email.code).await
}

/// Every function fetches the key ring again, or keeps its copy if it cannot.
async fn key_ring_refresh(s: &Scenario) -> StepResult {
    let client = s.client();
    s.advance(mins(6));
    s.expect(client.open(routes::SIGN_IN), "200").await?;
    s.sign_in_by_link(&client, ADA).await?;
    s.expect(client.me(), "200").await?;
    s.create("one", "201").await?;
    s.log_out(&client, client.logout(), "200").await
}

async fn key_ring_refresh_for_a_code(s: &Scenario) -> StepResult {
    s.advance(mins(6));
    code(s).await
}
