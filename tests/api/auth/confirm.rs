//! `POST /auth/confirm`: proving again who uses a session.

use futures_util::future::join_all;
use kit::routes::{ACCOUNT, CONFIRM, SIGN_IN};
use kit::{ADA, ApiClient, ApiResponse, PASSWORD, WRONG, World, hours, mins, secs};
use local::aws_stub::Fault;

/// Starts a portal where Ada has a password.
async fn world() -> World {
    let world = World::with_cheap_hashes(&[("IdleMinutes", "60")]).await;
    world.set_password(ADA, PASSWORD).await;
    world
}

fn proof(response: &ApiResponse) -> [String; 2] {
    let session = &response.json()["session"];
    ["auth_time", "amr"].map(|field| session[field].to_string())
}

/// Asserts that the session was not confirmed.
async fn assert_unconfirmed(world: &World, client: &ApiClient<'_>, before: &ApiResponse) {
    let me = client.me().await.assert("200");
    assert_eq!(proof(&me), proof(before));
    assert!(world.audit("partner.session.confirmed").is_empty());
}

#[tokio::test]
async fn a_password_or_a_code_refreshes_the_same_session_and_does_not_lengthen_it() {
    let world = world().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let token = client.session();
    let first = client.me().await.json()["session"].clone();
    assert_eq!(first["auth_time"], first["created_at"]);
    assert_eq!(first["amr"][0], "otp");
    let mut times = vec![first["auth_time"].to_string()];
    for method in ["pwd", "otp"] {
        world.clock.advance(mins(10));
        let confirmed = if method == "pwd" {
            client.confirm_password(PASSWORD).await.assert("200")
        } else {
            let email = client.receive_login_email(ADA).await;
            client.confirm_code(&email.code).await.assert("200")
        };
        assert!(
            confirmed
                .cookies
                .iter()
                .all(|cookie| cookie.starts_with("partner.known="))
        );
        let me = client.me().await.json();
        assert_eq!(me["session"], confirmed.json()["session"]);
        assert_eq!(me["session"]["amr"][0], method);
        for kept in ["id", "created_at", "expires_at"] {
            assert_eq!(me["session"][kept], first[kept], "{kept}");
        }
        times.push(me["session"]["auth_time"].to_string());
    }
    assert!(times[0] < times[1] && times[1] < times[2], "{times:?}");
    assert_eq!(client.session(), token);
    assert_eq!(world.audit("partner.session.confirmed").len(), 2);
    assert_eq!(world.rows("sessions").len(), 1);
}

#[tokio::test]
async fn a_confirmed_session_ends_when_it_would_have() {
    let world = World::with_cheap_hashes(&[("SessionHours", "1")]).await;
    world.set_password(ADA, PASSWORD).await;
    let client = world.client();
    client.sign_in(ADA, PASSWORD).await.assert("200");
    world.clock.advance(hours(1) - secs(1));
    client.confirm_password(PASSWORD).await.assert("200");
    world.clock.advance(secs(1));
    let late = client.confirm_password(PASSWORD).await;
    late.assert("401 not-authenticated");
    client.me().await.assert("401 not-authenticated");
}

#[tokio::test]
async fn a_code_confirms_once_even_at_the_same_time() {
    let world = world().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    world.clock.advance(mins(2));
    let email = client.receive_login_email(ADA).await;
    let confirmations = (0..4).map(|_| async { client.confirm_code(&email.code).await });
    let responses = join_all(confirmations).await;
    let confirmed = responses.iter().filter(|response| response.status == 200);
    assert_eq!(confirmed.count(), 1, "{responses:?}");
    assert_eq!(world.audit("partner.session.confirmed").len(), 1);
    let again = client.confirm_code(&email.code).await;
    again.assert("410 used-token");
    let by_code = client.verify_code(&email.code).await;
    assert_ne!(by_code.status, 200);
}

#[tokio::test]
async fn a_code_that_signed_in_confirms_nothing() {
    let world = world().await;
    let client = world.client();
    let email = client.receive_login_email(ADA).await;
    client.verify_code(&email.code).await.assert("200");
    let before = client.me().await;
    world.clock.advance(secs(5));
    let used = client.confirm_code(&email.code).await;
    used.assert("410 used-token");
    assert_unconfirmed(&world, &client, &before).await;
}

#[tokio::test]
async fn the_code_of_somebody_else_confirms_nothing() {
    let world = world().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let before = client.me().await;
    let eve = client
        .create_user("eve@example.com", "Eve")
        .status("active");
    eve.await.assert("201");
    let email = client.receive_login_email("eve@example.com").await;
    let wrong = client.confirm_code(&email.code).await;
    assert_eq!(wrong.assert("400 invalid-token").json()["attempts_left"], 4);
    assert_unconfirmed(&world, &client, &before).await;
}

#[tokio::test]
async fn wrong_proofs_are_audited_and_change_nothing() {
    let world = world().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    world.clock.advance(mins(2));
    let before = client.me().await;
    let email = client.receive_login_email(ADA).await;
    let wrong = client.confirm_password(WRONG).await;
    wrong.assert("401 invalid-credentials");
    let wrong = client.confirm_code(&email.wrong_code()).await;
    assert_eq!(wrong.assert("400 invalid-token").json()["attempts_left"], 4);
    let malformed = client.confirm_code("1234").await;
    malformed.assert("400 invalid-request");
    let both = client.confirm_password(PASSWORD).code(&email.code).await;
    both.assert("400 invalid-request");
    assert_eq!(world.audit("partner.login.failed").len(), 1);
    assert_eq!(world.audit("partner.code.failed").len(), 1);
    assert_unconfirmed(&world, &client, &before).await;
}

#[tokio::test]
async fn passwords_count_together_with_those_that_sign_in() {
    let world = world().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    client.set_cookie("partner.known", None);
    for _ in 0..5 {
        let wrong = client.confirm_password(WRONG).await;
        wrong.assert("401 invalid-credentials");
        let wrong = client.neighbor().sign_in(ADA, WRONG).await;
        wrong.assert("401 invalid-credentials");
    }
    let refused = client.confirm_password(PASSWORD).await;
    refused.assert("429 too-many-attempts");
    world.clock.advance(mins(15));
    for _ in 0..12 {
        client.confirm_password(PASSWORD).await.assert("200");
    }
}

#[tokio::test]
async fn nobody_confirms_without_a_live_session_or_from_another_site() {
    let world = world().await;
    let client = world.client();
    let outcome = "401 not-authenticated";
    client.confirm_password(PASSWORD).await.assert(outcome);
    client.sign_in_by_link(ADA).await;
    let foreign = client
        .confirm_password(PASSWORD)
        .header("origin", "https://evil.example");
    assert_eq!(foreign.await.status, 403);
    world.suspend(ADA).await;
    client.confirm_password(PASSWORD).await.assert(outcome);
    assert!(world.audit("partner.session.confirmed").is_empty());
}

#[tokio::test]
async fn a_bearer_client_confirms_with_its_request() {
    let world = world().await;
    let client = world.client();
    let signed_in = client.sign_in(ADA, PASSWORD).bearer_transport().await;
    let token = signed_in.json()["session"]["token"].clone();
    let token = token.as_str().unwrap();
    let requested = client.request_login(ADA).bearer_transport().await;
    let request = requested.json()["request"].clone();
    let email = world.latest_email().await;
    let confirm = |code: &str| client.confirm_code(code).bearer_token(token);
    confirm(&email.code).await.assert("400 invalid-token");
    let confirmed = confirm(&email.code)
        .login_request(request.as_str().unwrap())
        .await
        .assert("200");
    assert_eq!(confirmed.json()["session"]["amr"][0], "otp");
    assert!(confirmed.json()["known"].is_string() && confirmed.cookies.is_empty());
}

#[tokio::test]
async fn a_form_returns_to_the_account_page_or_to_its_own_with_the_error() {
    let world = world().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    world.clock.advance(mins(2));
    let email = client.receive_login_email(ADA).await;
    let before = client.me().await;
    for (request, error) in [
        (client.confirm_password(WRONG), "invalid-credentials"),
        (
            client.confirm_code(&email.wrong_code()),
            "invalid-token&attempts_left=4",
        ),
        (client.confirm_code("1234"), "invalid-request&field=code"),
    ] {
        let page = format!("303 {CONFIRM}?error={error}");
        request.form().await.assert(&page);
    }
    assert_unconfirmed(&world, &client, &before).await;
    let confirmed = format!("303 {ACCOUNT}?notice=confirmed");
    for request in [
        client.confirm_password(PASSWORD),
        client.confirm_code(&email.code),
    ] {
        let response = request.form().await.assert(&confirmed);
        let is_mark = |cookie: &String| cookie.starts_with("partner.known=");
        assert!(response.cookies.iter().any(is_mark));
    }
    assert_eq!(world.audit("partner.session.confirmed").len(), 2);
    let foreign = client.confirm_password(PASSWORD).form();
    let foreign = foreign.header("origin", "https://evil.example").await;
    foreign.assert("403 origin-not-allowed");
    client.logout().await.assert("200");
    let signed_out = client.confirm_password(PASSWORD).form().await;
    signed_out.assert(&format!("303 {SIGN_IN}"));
}

#[tokio::test]
async fn right_proofs_never_use_up_a_limit() {
    let world = world().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    for _ in 0..40 {
        client.confirm_password(PASSWORD).await.assert("200");
    }
    for _ in 0..40 {
        world.clock.advance(mins(13));
        let email = client.receive_login_email(ADA).await;
        client.confirm_code(&email.code).await.assert("200");
    }
    // A code is counted for each of the last three links.
    let failures = world.rows("rate-limits").into_iter().filter(|row| {
        let key = row["pk"]["S"].as_str().unwrap_or_default();
        let count = row["count"]["N"].as_str().unwrap_or_default();
        key.contains("failures") && count.parse::<u64>().unwrap() > 3
    });
    let failures: Vec<_> = failures.collect();
    assert_eq!(failures, [] as [serde_json::Value; 0]);
}

#[tokio::test]
async fn an_unavailable_store_confirms_nothing() {
    let world = world().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let before = client.me().await;
    world.inject(Fault::FailBefore, |call| {
        call.operation == "TransactWriteItems"
    });
    let failed = client.confirm_password(PASSWORD).await;
    failed.assert("503 unavailable");
    world.clear_fault();
    assert_unconfirmed(&world, &client, &before).await;
}

#[tokio::test]
async fn a_portal_without_passwords_confirms_by_code_only() {
    let world = World::with(&[("Activation", "link")]).await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let password = client.confirm_password(PASSWORD).await;
    password.assert("404 not-found");
    world.clock.advance(mins(2));
    let email = client.receive_login_email(ADA).await;
    client.confirm_code(&email.code).await.assert("200");
}
