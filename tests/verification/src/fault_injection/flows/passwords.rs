//! Users sign in with a password, and reset it.

use super::{Flow, flow};
use crate::ensure;
use crate::fault_injection::injector::contention;
use crate::fault_injection::scenario::{EVE, FIRST, PAGE, SECOND, Scenario, StepResult};
use crate::fixture::HASH_PARAMETERS;
use kit::{ADA, ApiClient, ApiRequest, Email, mins, routes, secs};

pub(super) fn flows() -> Vec<Flow> {
    vec![
        flow!(password),
        flow!(password_by_form),
        flow!(password_wrong),
        flow!(password_form_twice),
        flow!(password_of_nobody),
        flow!(password_with_previous_parameters).with(&[("PreviousArgon2", PREVIOUS)]),
        flow!(password_while_signed_in),
        flow!(password_too_often).with(&[("PasswordAttempts", "2")]),
        flow!(password_too_often_from_a_network).with(&[("PasswordPerNetworkHour", "1")]),
        flow!(password_capped).with(&[("PasswordFailures", "10")]),
        flow!(reset),
        flow!(reset_by_form),
        flow!(reset_without_key),
        flow!(reset_under_contention),
        flow!(reset_by_somebody_else),
        flow!(change),
        flow!(change_under_contention),
        flow!(change_by_form),
        flow!(pages_of_a_user),
        flow!(key_ring_refresh_for_a_password),
        flow!(key_ring_refresh_for_a_change),
    ]
}

/// The hash parameters of the past.
const PREVIOUS: &str = "m=128,t=1,p=1";

async fn password(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    s.expect(client.me(), "200").await
}

/// Opening the pages of a user who is signed in changes nothing.
async fn pages_of_a_user(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    s.expect(client.open(routes::ACCOUNT), "200").await?;
    s.expect(client.open(routes::CONFIRM), "200").await?;
    s.expect(client.me(), "200").await
}

async fn password_by_form(s: &Scenario) -> StepResult {
    s.give_password(ADA, FIRST, HASH_PARAMETERS);
    let client = s.client();
    let wrong = client.sign_in(ADA, SECOND).form();
    s.fail_sign_in_with(
        &client,
        wrong,
        "303 /auth/sign-in?error=invalid-credentials",
    )
    .await?;
    s.sign_in_by_form(&client, ADA, FIRST).await?;
    s.expect(client.me(), "200").await
}

/// Wrong passwords of a stranger, and of a browser that has signed in before.
async fn password_wrong(s: &Scenario) -> StepResult {
    s.give_password(ADA, FIRST, HASH_PARAMETERS);
    let client = s.client();
    s.fail_sign_in(&client, ADA, SECOND).await?;
    s.sign_in(&client, ADA, FIRST).await?;
    s.fail_sign_in(&client, ADA, SECOND).await?;
    s.fail_sign_in(&client, ADA, SECOND).await
}

async fn password_of_nobody(s: &Scenario) -> StepResult {
    s.fail_sign_in(&s.client(), EVE, FIRST).await
}

/// The first sign-in renews the hash, and the next one uses it.
async fn password_with_previous_parameters(s: &Scenario) -> StepResult {
    s.give_password(ADA, FIRST, PREVIOUS);
    let client = s.client();
    s.fail_sign_in(&client, ADA, SECOND).await?;
    s.sign_in(&client, ADA, FIRST).await?;
    let row = s.world.user_row(ADA);
    let hash = row["password"]["S"].as_str().unwrap_or_default();
    let is_renewed = hash.contains(HASH_PARAMETERS);
    ensure!(is_renewed, "a hash was not renewed: {hash}");
    s.sign_in(&s.client(), ADA, FIRST).await
}

async fn password_while_signed_in(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    s.sign_in(&client, ADA, FIRST).await?;
    s.expect(client.me(), "200").await
}

/// A lost response may cost one attempt more, and never one less.
async fn password_too_often(s: &Scenario) -> StepResult {
    s.give_password(ADA, FIRST, HASH_PARAMETERS);
    let client = s.client();
    let retry_after = loop {
        if let Some(retry_after) = s.try_sign_in(&client, ADA, SECOND).await? {
            break retry_after;
        }
    };
    let (wrong, injected) = (s.ledger().passwords.wrong, s.injector.injected());
    let is_limited = wrong.judged <= 2 && wrong.sent - 1 + injected >= 2;
    ensure!(is_limited, "there were {wrong:?} of two attempts");
    s.advance(secs(retry_after));
    s.sign_in(&client, ADA, FIRST).await
}

async fn password_too_often_from_a_network(s: &Scenario) -> StepResult {
    s.give_password(ADA, FIRST, HASH_PARAMETERS);
    let client = s.client();
    s.fail_sign_in(&client, EVE, SECOND).await?;
    let retry_after = s.try_sign_in(&client, ADA, FIRST).await?;
    let retry_after = retry_after.ok_or("a network was not limited")?;
    s.sign_in(&s.client(), ADA, FIRST).await?;
    s.advance(secs(retry_after));
    s.sign_in(&client, ADA, FIRST).await
}

/// After so many wrong passwords at an address none is right, until an emailed link is used. A
/// browser that has signed in before goes on.
async fn password_capped(s: &Scenario) -> StepResult {
    s.give_password(ADA, FIRST, HASH_PARAMETERS);
    let (known, client) = (s.client(), s.client());
    s.sign_in_by_link(&known, ADA).await?;
    s.fail_sign_in(&client, ADA, SECOND).await?;
    s.set_attempts(10);
    s.fail_sign_in(&client, ADA, FIRST).await?;
    s.set_attempts(10);
    s.sign_in(&known, ADA, FIRST).await?;
    s.fail_sign_in(&client, ADA, SECOND).await?;
    s.sign_in_by_link(&client, ADA).await?;
    s.sign_in(&client, ADA, FIRST).await
}

/// The second press on the button gets the session of the first.
async fn password_form_twice(s: &Scenario) -> StepResult {
    s.give_password(ADA, FIRST, HASH_PARAMETERS);
    let client = s.client();
    s.sign_in_twice(&client, ADA, FIRST).await?;
    s.expect(client.me(), "200").await
}

async fn forgot_password(s: &Scenario) -> StepResult<Email> {
    s.receive_email(s.client().forgot_password(ADA), "200")
        .await
}

/// Sets the second password by a reset link.
async fn reset_by(s: &Scenario, client: &ApiClient<'_>, email: &Email) -> StepResult {
    let request = client.reset_password(&email.token(), SECOND);
    s.expect(request.idempotency_key(PAGE), "200").await?;
    s.ledger().link_used(email);
    is_reset(s).await
}

/// Checks that the owner is notified, and expects the second password from now on.
async fn is_reset(s: &Scenario) -> StepResult {
    s.ledger().passwords.set(ADA, SECOND);
    s.deliver().await?;
    let notice = s.latest_email()?;
    let is_notice = notice.to == ADA && notice.path().starts_with(routes::REPORT);
    ensure!(is_notice, "no notice was sent: {notice:?}");
    Ok(())
}

async fn reset(s: &Scenario) -> StepResult {
    let (client, signed_in) = (s.client(), s.ada().await?);
    let email = forgot_password(s).await?;
    reset_by(s, &client, &email).await?;
    s.expect_signed_out(&signed_in).await?;
    s.fail_sign_in(&client, ADA, FIRST).await?;
    s.sign_in(&client, ADA, SECOND).await
}

async fn reset_by_form(s: &Scenario) -> StepResult {
    let client = s.client();
    let request = client.forgot_password(ADA).form();
    let email = s
        .receive_email(request, "303 /auth/check-email?for=reset")
        .await?;
    let (fields, outcome) = (
        [("password", SECOND)],
        "303 /auth/sign-in?notice=password-changed",
    );
    s.submit_link_page(&client, &email, &fields, outcome)
        .await?;
    is_reset(s).await?;
    s.sign_in_by_form(&client, ADA, SECOND).await
}

/// A client that has lost the response finds the link used; the password is the new one all the
/// same.
async fn reset_without_key(s: &Scenario) -> StepResult {
    let (email, client) = (forgot_password(s).await?, s.client());
    let request = client.reset_password(&email.token(), SECOND);
    s.expect_or_already(request, "200", "410 used-token")
        .await?;
    s.ledger().link_used(&email);
    is_reset(s).await?;
    s.sign_in(&client, ADA, SECOND).await
}

async fn reset_under_contention(s: &Scenario) -> StepResult {
    let email = forgot_password(s).await?;
    s.script(contention());
    reset_by(s, &s.client(), &email).await
}

/// A link that somebody else has used sets nothing.
async fn reset_by_somebody_else(s: &Scenario) -> StepResult {
    let email = forgot_password(s).await?;
    reset_by(s, &s.client(), &email).await?;
    s.advance(mins(2));
    let client = s.client();
    let request = client.reset_password(&email.token(), FIRST);
    let request = request.idempotency_key("somebody-elses-attempt");
    s.expect(request, "410 used-token").await
}

/// Changes the first password to the second one. A client that has lost the response repeats its
/// request.
async fn change_by(s: &Scenario, request: ApiRequest<'_>, outcome: &str) -> StepResult {
    s.try_right_password(request.idempotency_key(PAGE), outcome)
        .await?;
    is_reset(s).await
}

async fn change(s: &Scenario) -> StepResult {
    let (client, other) = (s.ada().await?, s.ada().await?);
    let wrong = client.change_password(SECOND, SECOND);
    s.fail_sign_in_with(&client, wrong, "401 invalid-credentials")
        .await?;
    change_by(s, client.change_password(FIRST, SECOND), "200").await?;
    s.expect(client.me(), "200").await?;
    s.expect_signed_out(&other).await?;
    s.fail_sign_in(&other, ADA, FIRST).await?;
    s.sign_in(&other, ADA, SECOND).await
}

async fn change_under_contention(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    s.script(contention());
    change_by(s, client.change_password(FIRST, SECOND), "200").await
}

async fn change_by_form(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    let request = client.change_password(FIRST, SECOND).form();
    let outcome = "303 /auth/account?notice=password-changed";
    change_by(s, request, outcome).await?;
    s.expect(client.me(), "200").await
}

/// The function that sent the email has the key ring by now; every other one fetches its own.
async fn key_ring_refresh_for_a_password(s: &Scenario) -> StepResult {
    s.advance(mins(6));
    let (email, client) = (forgot_password(s).await?, s.client());
    reset_by(s, &client, &email).await?;
    s.sign_in(&client, ADA, SECOND).await?;
    s.expect(client.open(routes::SESSIONS), "200").await
}

async fn key_ring_refresh_for_a_change(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    s.advance(mins(6));
    change_by(s, client.change_password(FIRST, SECOND), "200").await
}
