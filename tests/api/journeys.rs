//! Whole journeys of a user, from requesting a login to signing out.

use kit::routes::{ACCOUNT, CHECK_EMAIL, CONTINUE, REQUEST_LOGIN, SIGN_IN, VERIFY};
use kit::{ADA, World, hours, mins, parameters, secs};
use local::Options;
use serde_json::json;

#[tokio::test]
async fn a_user_requests_a_login_opens_the_link_is_signed_in_and_signs_out() {
    let world = World::start().await;
    let client = world.client();
    let requested = client.request_login("Ada@Example.com").await.assert("200");
    let message = "If this email address is registered, we’ll send a link and a code to it.";
    assert_eq!(
        requested.json(),
        json!({"success": true, "message": message})
    );

    let email = world.latest_email().await;
    assert_eq!(email.to, ADA);
    let page = client.open(email.path()).await.assert("200");
    let page = page.assert_contains(ADA).assert_contains(" data-auto>");
    let submitted = client.submit_link_page(VERIFY, &page).await;
    submitted.assert("303 /auth/account");

    let me = client.me().await.assert("200").json();
    assert_eq!(me["email"], ADA);
    assert_eq!(me["name"], "Ada Lovelace");
    assert_eq!(me["role"], "partner");
    assert_eq!(me["resources"].as_array().unwrap().len(), 2);
    for field in ["type", "id", "name", "slug"] {
        assert!(me["resources"][0][field].is_string(), "{field}");
    }
    assert_eq!(me["session"]["created_at"], "2026-11-21T14:00:00Z");
    assert_eq!(me["session"]["expires_at"], "2026-11-22T14:00:00Z");

    let session = client.session().unwrap();
    let out = client.logout().await.assert("200");
    assert_eq!(out.json(), json!({"success": true}));
    assert_eq!(client.session(), None);
    client.set_session(Some(&session));
    let me = client.me().await.assert("401 not-authenticated");
    assert_eq!(me.headers["www-authenticate"], "Bearer");
    assert!(world.rows("sessions").is_empty());
}

#[tokio::test]
async fn forms_alone_are_enough() {
    let world = World::start().await;
    let client = world.client();
    let page = client.open(SIGN_IN).await;
    page.assert_contains(&format!("action=\"{CONTINUE}\""));
    let address = client.post(CONTINUE).with("email", ADA).form().await;
    let page = client.open(&address.location()).await;
    let page = page.assert_contains(&format!("action=\"{REQUEST_LOGIN}\""));
    let requested = client.request_login(&page.field("email")).form().await;
    requested.assert("303 /auth/check-email");
    let page = client.open(CHECK_EMAIL).await;
    page.assert_contains("Check your email");
    let code = world.latest_email().await.code;
    let submitted = client.verify_code(&code).form().await;
    submitted.assert("303 /auth/account");
    let page = client.open(ACCOUNT).await;
    page.assert_contains("<h1>Your account</h1>");
    client.logout().form().await.assert("303 /auth/sign-in");
    assert_eq!(client.open(ACCOUNT).await.status, 303);
}

#[tokio::test]
async fn a_client_without_cookies_holds_its_session_itself() {
    let world = World::start().await;
    let client = world.client();
    let requested = client.request_login(ADA).bearer_transport().await;
    assert!(requested.cookies.is_empty());
    let nonce = requested.json()["request"].as_str().unwrap().to_owned();
    let code = world.latest_email().await.code;
    let verify = client.verify_code(&code).login_request(&nonce);
    let verified = verify.bearer_transport().await.assert("200");
    assert!(verified.cookies.is_empty());
    assert_eq!(verified.json()["user"]["email"], ADA);
    let token = verified.json()["session"]["token"]
        .as_str()
        .unwrap()
        .to_owned();

    let me = client.me().bearer_token(&token);
    me.clone().await.assert("200");
    let upper_case = format!("BEARER {token}");
    let response = client.me().header("authorization", upper_case).await;
    response.assert("200");
    let out = client.logout().bytes("").bearer_token(&token);
    out.header("content-type", "application/json")
        .await
        .assert("200");
    me.await.assert("401 not-authenticated");
}

#[tokio::test]
async fn expiry_does_not_depend_on_the_sweep_of_expired_rows() {
    for is_swept in [false, true] {
        let world = World::start().await;
        let advance = |span| {
            world.clock.advance(span);
            if is_swept {
                world.portal.sweep_ttl().unwrap();
            }
        };
        let early = world.client();
        let late = world.client();

        let email = early.receive_login_email(ADA).await;
        advance(mins(15) - secs(1));
        early.verify_link(&email.token()).await.assert("200");

        let email = late.receive_login_email(ADA).await;
        advance(mins(15));
        late.verify_link(&email.token())
            .await
            .assert("410 expired-token");
        let page = late.open(email.path()).await;
        page.assert("303 /auth/sign-in?error=expired-token");
        late.verify_code(&email.code)
            .await
            .assert("400 invalid-token");

        early.me().await.assert("200");
        advance(hours(24) - mins(15) - secs(1));
        early.me().await.assert("200");
        advance(secs(1));
        early.me().await.assert("401 not-authenticated");
        early.logout().await.assert("200");
    }
}

#[tokio::test]
async fn two_portals_with_one_key_refuse_each_others_links_and_cookies() {
    let options = |name| Options {
        parameters: parameters(&[("Portal", name)]),
        key_ring: Some(json!({"root": "k".repeat(64), "keys": []}).to_string()),
        ..Options::default()
    };
    let partner = World::of(options("partner")).await;
    let staff = World::of(options("staff")).await;
    let client = partner.client();
    let visitor = staff.client();

    let token = client.receive_login_email(ADA).await.token();
    let before = staff.snapshot();
    let response = visitor.verify_link(&token).await;
    response.assert("400 invalid-token");
    assert_eq!(staff.snapshot(), before);

    client.verify_link(&token).await.assert("200");
    visitor.sign_in_by_link(ADA).await;
    let own = visitor.session();
    let foreign = client.session();
    visitor.set_session(foreign.as_deref());
    visitor.me().await.assert("401 not-authenticated");
    // On one host both cookies are sent, and neither hides the other.
    visitor.set_session(own.as_deref());
    visitor.set_cookie("partner.sid", foreign.as_deref());
    visitor.me().await.assert("200");
}
