//! `POST /auth/request-login`: requesting an email that signs in, and its rate limits.

use kit::routes::SIGN_IN;
use kit::{ADA, World, mins, secs};
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
        (ADA, "303 /auth/sign-in?error=too_many_attempts"),
        ("ada@example", "303 /auth/sign-in?error=invalid_request"),
    ] {
        client.request_login(email).form().await.assert(outcome);
    }
    let page = client.open(SIGN_IN).query("error", "too_many_attempts");
    page.await.assert_contains("Too many attempts.");
}
