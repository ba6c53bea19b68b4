//! Users get an account: by an invitation, an activation or a sign-up.

use super::{Flow, flow};
use crate::fault_injection::injector::contention;
use crate::fault_injection::scenario::{EVE, FIRST, PAGE, Scenario, StepResult};
use crate::{ensure, ensure_eq};
use kit::{ADA, ApiClient, Email, GRACE, mins};

pub(super) fn flows() -> Vec<Flow> {
    const OPEN: &[(&str, &str)] = &[("SelfSignUp", "on")];
    const BY_LINK: &[(&str, &str)] = &[("SelfSignUp", "on"), ("Activation", "link")];
    vec![
        flow!(invitation),
        flow!(invitation_by_form),
        flow!(activation_twice),
        flow!(activation_without_key),
        flow!(activation_under_contention),
        flow!(activation_while_signed_in).with(&[("SessionsPerUser", "1")]),
        flow!(sign_up).with(OPEN),
        flow!(sign_up_by_form).with(OPEN),
        flow!(sign_up_by_link).with(BY_LINK),
        flow!(sign_up_of_a_user).with(OPEN),
        flow!(sign_up_after_an_invitation).with(OPEN),
        flow!(key_ring_refresh_for_an_account).with(OPEN),
    ]
}

async fn activate_by_form(s: &Scenario, client: &ApiClient<'_>, email: &Email) -> StepResult {
    let fields = [("password", FIRST)];
    s.submit_link_page(client, email, &fields, "303 /auth/account")
        .await?;
    s.session_started(client)?;
    s.activated(client, email).await
}

async fn invitation(s: &Scenario) -> StepResult {
    s.invite("one").await?;
    s.deliver().await?;
    s.activate(&s.client(), &s.latest_email()?).await
}

async fn invitation_by_form(s: &Scenario) -> StepResult {
    s.invite("one").await?;
    s.deliver().await?;
    activate_by_form(s, &s.client(), &s.latest_email()?).await
}

/// The repetition gets the same session.
async fn activation_twice(s: &Scenario) -> StepResult {
    let client = s.client();
    let email = s.receive_login_email(&client, GRACE).await?;
    s.activate(&client, &email).await?;
    let first = client.session();
    let again = client.activate(&email.token(), FIRST).idempotency_key(PAGE);
    s.expect(again, "200").await?;
    ensure_eq!(client.session(), first, "the session of a repetition");
    Ok(())
}

/// A client that has lost the response finds the link used, and signs in with the password that it
/// has set.
async fn activation_without_key(s: &Scenario) -> StepResult {
    let client = s.client();
    let email = s.receive_login_email(&client, GRACE).await?;
    let request = client.activate(&email.token(), FIRST);
    let response = s
        .expect_or_already(request, "200", "410 used-token")
        .await?;
    s.ledger().link_used(&email);
    s.ledger().passwords.set(GRACE, FIRST);
    if response.status == 200 {
        return s.session_started(&client);
    }
    s.sign_in(&client, GRACE, FIRST).await
}

async fn activation_under_contention(s: &Scenario) -> StepResult {
    let client = s.client();
    let email = s.receive_login_email(&client, GRACE).await?;
    s.script(contention());
    s.activate(&client, &email).await
}

/// The session that the client had ends with the one that begins.
async fn activation_while_signed_in(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    let replaced = client.session().unwrap_or_default();
    let email = s.receive_login_email(&client, GRACE).await?;
    s.activate(&client, &email).await?;
    s.ledger().session_ended(&replaced);
    Ok(())
}

async fn sign_up(s: &Scenario) -> StepResult {
    let client = s.client();
    let email = s.receive_email(client.sign_up(EVE, "Eve"), "200").await?;
    s.activate(&client, &email).await
}

async fn sign_up_by_form(s: &Scenario) -> StepResult {
    let client = s.client();
    let request = client.sign_up(EVE, "Eve").form();
    let email = s
        .receive_email(request, "303 /auth/check-email?for=sign-up")
        .await?;
    activate_by_form(s, &client, &email).await
}

/// The link creates the user, and the next one finds them.
async fn sign_up_by_link(s: &Scenario) -> StepResult {
    let client = s.client();
    let email = s.receive_email(client.sign_up(EVE, "Eve"), "200").await?;
    ensure!(s.user_id(EVE).is_empty(), "a sign-up created a user");
    s.redeem(&client, &email, client.verify_link(&email.token()))
        .await?;
    s.expect(client.me(), "200").await?;
    s.sign_in_by_link(&s.client(), EVE).await.map(drop)
}

/// Somebody else has the address by the time: the link creates nobody.
async fn sign_up_after_an_invitation(s: &Scenario) -> StepResult {
    let client = s.client();
    let email = s.receive_email(client.sign_up(EVE, "Eve"), "200").await?;
    s.invite("one").await?;
    s.expect(client.activate(&email.token(), FIRST), "400 invalid-token")
        .await?;
    s.deliver().await?;
    s.activate(&client, &s.latest_email()?).await
}

/// Who has the address already is sent a link that signs in, and nobody is added.
async fn sign_up_of_a_user(s: &Scenario) -> StepResult {
    let client = s.client();
    let email = s.receive_email(client.sign_up(ADA, "Eve"), "200").await?;
    s.redeem(&client, &email, client.verify_link(&email.token()))
        .await
}

async fn key_ring_refresh_for_an_account(s: &Scenario) -> StepResult {
    s.advance(mins(6));
    sign_up(s).await
}
