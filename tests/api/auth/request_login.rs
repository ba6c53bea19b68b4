//! `POST /auth/request-login`: requesting an email that signs in, and its rate limits.

use kit::routes::{CONTINUE, FORGOT_PASSWORD, SIGN_IN, SIGN_UP};
use kit::{ADA, ApiClient, GRACE, World, mins, secs};
use serde_json::json;

#[tokio::test]
async fn requests_are_limited_by_the_minute_and_the_hour_and_a_refused_one_changes_nothing() {
    let world = World::start().await;
    let client = world.client();
    for _ in 1..=4 {
        client.request_login(ADA).await.assert("200");
        world.clock.advance(secs(10));
        world.settle().await;
        let before = (world.snapshot(), client.cookie_header());
        let refused = client.request_login("ADA@example.com").await;
        let refused = refused.assert("429 too-many-attempts");
        assert_eq!(refused.headers["retry-after"], "50");
        assert_eq!(refused.json()["retry_after"], json!(50));
        assert!(refused.cookies.is_empty());
        assert_eq!((world.snapshot(), client.cookie_header()), before);
        world.clock.advance(secs(50));
    }
    client.request_login(ADA).await.assert("200");
    world.clock.advance(mins(1));
    let refused = client.request_login(ADA).await;
    let refused = refused.assert("429 too-many-attempts");
    assert_eq!(refused.headers["retry-after"], "3300");
    world.clock.advance(mins(55));
    client.request_login(ADA).await.assert("200");
}

#[tokio::test]
async fn a_strangers_requests_do_not_lock_the_user_out() {
    let world = World::start().await;
    world.client().receive_login_email(ADA).await;
    world.client().sign_in_by_link(ADA).await;
}

#[tokio::test]
async fn a_network_is_limited_over_all_addresses() {
    let world = World::with(&[("RequestsPerNetworkHour", "3")]).await;
    let client = world.client();
    for n in 0..3 {
        let email = format!("{n}@example.com");
        client.request_login(&email).await.assert("200");
    }
    let refused = client.request_login("4@example.com").await;
    let refused = refused.assert("429 too-many-attempts");
    assert_eq!(refused.headers["retry-after"], "3600");
    let elsewhere = world.client();
    elsewhere.request_login("4@example.com").await.assert("200");
}

#[tokio::test]
async fn a_form_redirects_to_the_next_page_or_back_with_the_reason() {
    let world = World::start().await;
    let client = world.client();
    for (email, outcome) in [
        (ADA, "303 /auth/check-email"),
        (
            ADA,
            "303 /auth/sign-in?error=too-many-attempts&retry_after=60",
        ),
        (
            "ada@example",
            "303 /auth/sign-in?error=invalid-request&field=email",
        ),
    ] {
        client.request_login(email).form().await.assert(outcome);
    }
    let page = client.open(SIGN_IN).query("error", "too-many-attempts");
    page.await.assert_contains("Too many attempts.");
}

#[tokio::test]
async fn requests_for_different_emails_are_counted_apart() {
    let world = World::with_cheap_hashes(&[("SelfSignUp", "on")]).await;
    let client = world.client();
    client.request_login(ADA).await.assert("200");
    client.forgot_password(ADA).await.assert("200");
    client.sign_up(ADA, "Ada").await.assert("200");
    for request in [
        client.request_login(ADA),
        client.forgot_password(ADA),
        client.sign_up(ADA, "Ada"),
    ] {
        let refused = request.form().await;
        let page = client.open(&refused.location()).await;
        page.assert_contains("Try again in <time>1:00</time> minutes.");
    }
}

#[tokio::test]
async fn a_form_that_is_posted_twice_sends_one_email_whose_code_works() {
    let world = World::with_cheap_hashes(&[("SelfSignUp", "on")]).await;
    for page in [CONTINUE, SIGN_UP, FORGOT_PASSWORD] {
        let client = world.client();
        let key = client.open(page).await.field("idempotency_key");
        let request = || {
            let request = match page {
                CONTINUE => client.request_login(ADA),
                SIGN_UP => client.sign_up(ADA, "Ada"),
                _ => client.forgot_password(ADA),
            };
            request.with("idempotency_key", &*key).form()
        };
        let before = world.emails().await.len();
        // The browser drops the response to the first.
        let dropped = request().await;
        client.set_nonces(None);
        let kept = request().await;
        assert_eq!(kept.outcome(), dropped.outcome());
        assert_eq!(kept.cookies, dropped.cookies);
        let emails = world.emails().await;
        assert_eq!(emails.len(), before + 1, "{page}");
        if page == CONTINUE {
            let code = &emails[before].code;
            client.verify_code(code).await.assert("200");
        }
        // A minute later, the same form is a new request.
        world.clock.advance(secs(61));
        client.set_nonces(None);
        let later = request().await;
        assert_ne!(later.cookies, dropped.cookies);
        assert_eq!(world.emails().await.len(), before + 2, "{page}");
    }
}

#[tokio::test]
async fn a_bearer_client_may_repeat_its_request_and_nobody_else() {
    let world = World::start().await;
    let [client, other] = [(); 2].map(|()| world.client());
    let request = async |client: &ApiClient<'_>| {
        let request = client.request_login(ADA).bearer_transport();
        let request = request.with("idempotency_key", "0123456789abcdef");
        request.await.assert("200").json()["request"].clone()
    };
    let first = request(&client).await;
    assert_eq!(request(&client).await, first);
    world.clock.advance(secs(60));
    assert_eq!(request(&client).await, first);
    assert_eq!(world.emails().await.len(), 1);
    // The key of another client, or for another address, is another key.
    assert_ne!(request(&other).await, first);
    let short = client.request_login(ADA).with("idempotency_key", "short");
    short.await.assert("400 invalid-request");
}

#[tokio::test]
async fn a_repeat_is_recognised_across_the_end_of_the_hour() {
    let world = World::start().await;
    world.clock.advance(secs(3599));
    let client = world.client();
    let request = || {
        let request = client.request_login(ADA);
        request.with("idempotency_key", "0123456789abcdef")
    };
    let first = request().await.assert("200");
    world.clock.advance(secs(2));
    assert_eq!(request().await.assert("200").cookies, first.cookies);
    assert_eq!(world.emails().await.len(), 1);
}

#[tokio::test]
async fn an_owner_receives_emails_whatever_others_request() {
    let world = World::start().await;
    let owner = world.client();
    owner.sign_in_by_link(ADA).await;
    for _ in 0..15 {
        let stranger = world.client();
        stranger.request_login(ADA).await.assert("200");
    }
    let before = world.emails().await.len();
    assert_eq!(before, 15);
    // A new browser of the owner waits for the next hour; the known one does not.
    world.client().request_login(ADA).await.assert("200");
    assert_eq!(world.emails().await.len(), before);
    for sent in 1..=5 {
        world.clock.advance(mins(1));
        owner.request_login(ADA).await.assert("200");
        assert_eq!(world.emails().await.len(), before + sent);
    }
    world.clock.advance(mins(1));
    let refused = owner.request_login(ADA).await;
    refused.assert("429 too-many-attempts");
}

#[tokio::test]
async fn a_known_browser_is_not_counted_with_its_network() {
    let world = World::with(&[("RequestsPerNetworkHour", "3")]).await;
    let office = world.client();
    office.sign_in_by_link(ADA).await;
    for n in 0..3 {
        let email = format!("{n}@example.com");
        let _counted = office.request_login(&email).await;
    }
    let other = office.request_login("4@example.com").await;
    other.assert("429 too-many-attempts");
    office.sign_in_by_link(ADA).await;
    // Only for the address that it signed in with, and only with a genuine mark.
    let known = office.cookie("partner.known");
    let grace = office.request_login(GRACE).await;
    grace.assert("429 too-many-attempts");
    office.set_cookie("partner.known", Some(&"A".repeat(43)));
    let forged = office.request_login(ADA).await;
    forged.assert("429 too-many-attempts");
    office.set_cookie("partner.known", known.as_deref());
    office.sign_in_by_link(ADA).await;
}
