//! `POST /auth/change-password`: what it changes, what it ends, and what it refuses.

use kit::routes::{ACCOUNT, SIGN_IN};
use kit::{ADA, ApiClient, ApiRequest, PASSWORD, WRONG, World, hours, mins, secs};
use serde_json::{Value, json};

pub(super) const NEW: &str = "another horse battery staple";
pub(super) const KEY: &str = "the-key-of-this-page";

/// Starts a portal where Ada has a password.
pub(super) async fn world(parameters: &[(&str, &str)]) -> World {
    let world = World::with_cheap_hashes(parameters).await;
    world.set_password(ADA, PASSWORD).await;
    world.clock.advance(mins(1));
    world
}

/// Returns a client of Ada, signed in with this password.
pub(super) async fn ada<'w>(world: &'w World, password: &str) -> ApiClient<'w> {
    let client = world.client();
    client.sign_in(ADA, password).await.assert("200");
    client
}

/// Returns everything but the counts of attempts and the audit, which a wrong password changes.
fn accounts(world: &World) -> [Vec<Value>; 4] {
    ["users", "sessions", "links", "emails"].map(|table| world.rows(table))
}

#[tokio::test]
async fn a_change_keeps_this_session_and_ends_the_others_and_all_links() {
    let world = world(&[]).await;
    let [client, phone] = [world.client(), world.client()];
    client.sign_in_by_link(ADA).await;
    phone.sign_in(ADA, PASSWORD).await.assert("200");
    world.clock.advance(mins(5));
    let email = phone.receive_login_email(ADA).await;
    let token = client.session();
    let before = client.me().await.json()["session"].clone();

    let changed = client.change_password(PASSWORD, NEW).await.assert("200");
    assert_eq!(changed.json(), json!({"success": true}));
    let is_mark = |cookie: &String| cookie.starts_with("partner.known=");
    assert!(changed.cookies.iter().all(is_mark) && changed.cookies.len() == 1);

    assert_eq!(client.session(), token);
    let after = client.me().await.assert("200").json()["session"].clone();
    for kept in ["id", "created_at", "expires_at"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    assert_eq!(after["auth_time"], world.clock.now().rfc3339());
    assert_eq!(after["amr"], json!(["pwd"]));
    phone.me().await.assert("401 not-authenticated");
    let link = phone.verify_link(&email.token()).await;
    link.assert("400 invalid-token");
    assert_ne!(phone.verify_code(&email.code).await.status, 200);
    let old = phone.sign_in(ADA, PASSWORD).await;
    old.assert("401 invalid-credentials");
    phone.sign_in(ADA, NEW).await.assert("200");
    client.me().await.assert("200");
}

#[tokio::test]
async fn a_change_is_audited_and_the_owner_is_notified_once() {
    let world = world(&[]).await;
    let client = ada(&world, PASSWORD).await;
    let emails = world.emails().await.len();
    client.change_password(PASSWORD, NEW).await.assert("200");
    let emails = world.emails().await.split_off(emails);
    let [notice] = &emails[..] else {
        panic!("{emails:?}");
    };
    assert_eq!(notice.to, ADA);
    assert_eq!(notice.subject, "Your Partner password was changed");
    let [record] = &world.audit("partner.password.changed")[..] else {
        panic!("one record");
    };
    let id = client.me().await.json()["session"]["id"].clone();
    assert_eq!(record["resource_type"]["S"], "session");
    assert_eq!(record["resource_id"]["S"], id);
    assert_eq!(record["severity"]["S"], "warning");
    let epoch = &world.user_row(ADA)["epoch"]["N"];
    assert_eq!(&record["metadata"]["M"]["epoch"]["S"], epoch);
}

#[tokio::test]
async fn a_wrong_current_password_is_audited_and_changes_nothing() {
    let world = world(&[]).await;
    let client = ada(&world, PASSWORD).await;
    let before = accounts(&world);
    // The new password is the right one, and the current one is not.
    for (current, new) in [(WRONG, NEW), (NEW, PASSWORD), (WRONG, PASSWORD)] {
        let wrong = client.change_password(current, new).await;
        wrong.assert("401 invalid-credentials");
    }
    assert_eq!(accounts(&world), before);
    assert_eq!(world.audit("partner.login.failed").len(), 3);
    assert!(world.audit("partner.password.changed").is_empty());
}

#[tokio::test]
async fn a_weak_password_is_refused_with_a_reason_and_not_counted() {
    let world = world(&[]).await;
    let client = ada(&world, PASSWORD).await;
    let before = world.snapshot();
    for (password, reason) in [
        ("shrt", "too-short"),
        (ADA, "personal"),
        ("aaaaaaaaaaaaaaaaaaaa", "repeats"),
        (&"x y".repeat(90), "too-long"),
    ] {
        for current in [PASSWORD, WRONG] {
            let refused = client.change_password(current, password).await;
            let refused = refused.assert("422 weak-password").assert_lacks(password);
            assert_eq!(refused.json()["reason"], reason);
        }
        let form = client.change_password(PASSWORD, password).form().await;
        let page = format!("303 {ACCOUNT}?error=weak-password&reason={reason}");
        form.assert(&page);
    }
    assert_eq!(world.snapshot(), before);
    // As after a reset, the new password may be the old one.
    let same = client.change_password(PASSWORD, PASSWORD).await;
    same.assert("200");
}

#[tokio::test]
async fn attempts_count_together_with_those_that_sign_in_and_confirm() {
    let world = world(&[]).await;
    let client = ada(&world, PASSWORD).await;
    client.set_cookie("partner.known", None);
    for _ in 0..3 {
        let wrong = client.change_password(WRONG, NEW).await;
        wrong.assert("401 invalid-credentials");
        let wrong = client.confirm_password(WRONG).await;
        wrong.assert("401 invalid-credentials");
        let wrong = client.neighbor().sign_in(ADA, WRONG).await;
        wrong.assert("401 invalid-credentials");
    }
    let wrong = client.change_password(WRONG, NEW).await;
    wrong.assert("401 invalid-credentials");
    let refused = client.change_password(PASSWORD, NEW).await;
    let refused = refused.assert("429 too-many-attempts");
    assert_eq!(refused.json()["retry_after"], 840);
    let form = client.change_password(PASSWORD, NEW).form().await;
    let page = format!("303 {ACCOUNT}?error=too-many-attempts&retry_after=840");
    form.assert(&page);
    let sign_in = client.neighbor().sign_in(ADA, PASSWORD).await;
    sign_in.assert("429 too-many-attempts");
    world.clock.advance(mins(14));
    client.change_password(PASSWORD, NEW).await.assert("200");
}

#[tokio::test]
async fn after_too_many_wrong_passwords_at_the_address_none_is_right() {
    let world = world(&[("PasswordFailures", "10")]).await;
    let client = ada(&world, PASSWORD).await;
    client.set_cookie("partner.known", None);
    for _ in 0..10 {
        world.client().sign_in(ADA, WRONG).await;
    }
    let silent = client.change_password(PASSWORD, NEW).await;
    silent.assert("401 invalid-credentials");
    client.sign_in_by_link(ADA).await;
    client.change_password(PASSWORD, NEW).await.assert("200");
}

#[tokio::test]
async fn right_passwords_never_use_up_a_limit() {
    let world = world(&[]).await;
    let client = ada(&world, PASSWORD).await;
    for _ in 0..20 {
        client.change_password(PASSWORD, NEW).await.assert("200");
        client.change_password(NEW, PASSWORD).await.assert("200");
    }
    client.set_cookie("partner.known", None);
    for _ in 0..10 {
        client.change_password(PASSWORD, NEW).await.assert("200");
        client.set_cookie("partner.known", None);
        client.change_password(NEW, PASSWORD).await.assert("200");
        client.set_cookie("partner.known", None);
    }
}

async fn assert_signed_out(client: &ApiClient<'_>) {
    let change = client.change_password(PASSWORD, NEW);
    let form = change.clone().form().await;
    form.assert(&format!("303 {SIGN_IN}"));
    change.await.assert("401 not-authenticated");
}

#[tokio::test]
async fn nobody_changes_a_password_without_a_live_session_or_from_another_site() {
    let world = world(&[("SessionHours", "1")]).await;
    let [client, other] = [ada(&world, PASSWORD).await, ada(&world, PASSWORD).await];
    assert_signed_out(&world.client()).await;
    let before = world.snapshot();
    let request = client.change_password(PASSWORD, NEW);
    for foreign in [request.clone(), request.clone().form()] {
        for site in ["https://evil.example", "null"] {
            let foreign = foreign.clone().without_origin().header("origin", site);
            foreign.await.assert("403 origin-not-allowed");
        }
    }
    assert_eq!(world.snapshot(), before);
    other.logout().await.assert("200");
    assert_signed_out(&other).await;
    world.clock.advance(hours(1));
    assert_signed_out(&client).await;
    let client = ada(&world, PASSWORD).await;
    world.suspend(ADA).await;
    assert_signed_out(&client).await;
    assert!(world.audit("partner.password.changed").is_empty());
}

#[tokio::test]
async fn a_bearer_client_changes_the_password() {
    let world = world(&[]).await;
    let client = world.client();
    let signed_in = client.sign_in(ADA, PASSWORD).bearer_transport().await;
    let signed_in = signed_in.assert("200").json();
    let token = signed_in["session"]["token"].as_str().unwrap();
    let known = signed_in["known"].as_str().unwrap();
    let request = client.change_password(PASSWORD, NEW).with("known", known);
    let changed = request.bearer_token(token).await.assert("200");
    assert_eq!(changed.json(), json!({"success": true}));
    assert!(changed.cookies.is_empty());
    client.me().bearer_token(token).await.assert("200");
    client.set_session(Some(token));
    let both = client.change_password(NEW, PASSWORD).bearer_token(token);
    both.await.assert("400 invalid-request");
}

#[tokio::test]
async fn a_form_returns_to_the_account_page() {
    let world = world(&[("FrontendUrl", "https://app.example.com")]).await;
    let client = ada(&world, PASSWORD).await;
    let wrong = client.change_password(WRONG, NEW).form().await;
    wrong.assert(&format!("303 {ACCOUNT}?error=invalid-credentials"));
    let empty = client.change_password("", NEW).form().await;
    empty.assert(&format!(
        "303 {ACCOUNT}?error=invalid-request&field=current"
    ));
    let changed = client.change_password(PASSWORD, NEW).form().await;
    changed.assert(&format!("303 {ACCOUNT}?notice=password-changed"));
    client.me().await.assert("200");
    ada(&world, NEW).await;
    client.logout().await.assert("200");
    let signed_out = client.change_password(NEW, PASSWORD).form().await;
    signed_out.assert("303 https://app.example.com/login");
}

#[tokio::test]
async fn unreadable_input_changes_nothing() {
    let world = world(&[]).await;
    let client = ada(&world, PASSWORD).await;
    let before = world.snapshot();
    let change = || client.change_password(PASSWORD, NEW);
    let requests: Vec<ApiRequest<'_>> = vec![
        change().body(json!({})),
        change().body(json!({"current": PASSWORD})),
        change().body(json!({"password": NEW})),
        change().body(json!([PASSWORD, NEW])),
        change().with("current", json!(null)),
        change().with("current", 15),
        change().with("password", json!({"a": 1})),
        change().with("current", ""),
        change().with("current", "x".repeat(257)),
        change().with("email", ADA),
        change().idempotency_key("short"),
        change().idempotency_key(&"x".repeat(129)),
        change().with("known", 1),
        change().header("cookie", "partner.sid=a; partner.sid=b"),
    ];
    for request in requests {
        request.await.assert("400 invalid-request");
    }
    let large = change().with("current", "x".repeat(17_000)).await;
    large.assert("413 payload-too-large");
    let text = change().header("content-type", "text/plain").await;
    text.assert("415 unsupported-media-type");
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn a_user_without_a_password_sets_one_by_a_reset_only() {
    let world = World::with_cheap_hashes(&[]).await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let before = accounts(&world);
    for current in [PASSWORD, NEW] {
        let refused = client.change_password(current, NEW).idempotency_key(KEY);
        refused.await.assert("401 invalid-credentials");
    }
    assert_eq!(accounts(&world), before);
}

#[tokio::test]
async fn a_change_is_a_recent_authentication() {
    let world = world(&[("ConfirmMinutes", "5")]).await;
    let client = ada(&world, PASSWORD).await;
    world.clock.advance(mins(5) + secs(1));
    let refused = client.revoke_other_sessions().await;
    refused.assert("401 reauthentication-required");
    client.change_password(PASSWORD, NEW).await.assert("200");
    client.revoke_other_sessions().await.assert("204");
}

#[tokio::test]
async fn a_portal_without_passwords_changes_none() {
    let world = World::with(&[("Activation", "link")]).await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    for request in [
        client.change_password(PASSWORD, NEW),
        client.change_password(PASSWORD, NEW).form(),
    ] {
        request.await.assert("404 not-found");
    }
}
