//! `GET /auth/me` and `GET /auth/session`: everything that ends a session ends it at once, and what
//! each request renews.

use kit::{ADA, World, hours, mins, secs, table_name};
use local::aws_stub::Fault;
use serde_json::json;

#[tokio::test]
async fn a_suspended_user_loses_the_session_on_the_next_request() {
    let world = World::start().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    client.me().await.assert("200");
    world.suspend(ADA).await;
    client.me().await.assert("401 not-authenticated");
}

#[tokio::test]
async fn the_status_alone_voids_links_codes_and_sessions() {
    // An active user is never invited again, but links outlive a change of `Activation`.
    for status in ["suspended", "invited"] {
        let world = World::start().await;
        let signed_in = world.client();
        let requester = world.client();
        signed_in.sign_in_by_link(ADA).await;
        let email = requester.receive_login_email(ADA).await;
        world.set_attribute(ADA, "status", &json!({"S": status}));
        let before = world.snapshot();
        signed_in.me().await.assert("401 not-authenticated");
        let by_link = requester.verify_link(&email.token()).await;
        by_link.assert("400 invalid-token");
        assert_eq!(world.snapshot(), before);
        let by_code = requester.verify_code(&email.code).await;
        by_code.assert("400 invalid-token");
        assert_eq!(world.rows("sessions").len(), 1);
    }
}

#[tokio::test]
async fn a_new_epoch_ends_every_session_at_once() {
    let world = World::start().await;
    let clients = [world.client(), world.client()];
    for client in &clients {
        client.sign_in_by_link(ADA).await;
    }
    world.revoke_sessions(ADA).await;
    for client in &clients {
        client.me().await.assert("401 not-authenticated");
    }
}

#[tokio::test]
async fn last_seen_is_renewed_every_five_minutes() {
    let world = World::start().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let last_seen = || world.rows("sessions")[0]["last_seen_at"]["N"].clone();
    let signed_in_at = world.clock.now().millis();
    world.clock.advance(mins(5) - secs(1));
    client.me().await.assert("200");
    assert_eq!(last_seen(), signed_in_at.to_string());
    world.clock.advance(secs(1));
    assert!(client.me().await.cookies.is_empty());
    assert_eq!(last_seen(), (signed_in_at + 300_000).to_string());
}

#[tokio::test]
async fn a_session_that_ends_during_the_request_stays_ended() {
    let world = World::start().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    world.clock.advance(mins(5));
    // The session is revoked elsewhere between the read and the write of `last_seen_at`.
    let database = world.portal.database().clone();
    let row = world.rows("sessions").remove(0);
    world.portal.set_fault(move |call| {
        if call.operation == "UpdateItem" {
            let key = json!({"pk": row["pk"], "sk": row["sk"]});
            let delete = json!({"TableName": table_name("sessions"), "Key": key});
            let delete = serde_json::from_value(delete).unwrap();
            database.delete_item(delete).unwrap();
        }
        Fault::None
    });
    client.me().await.assert("401 not-authenticated");
    assert!(world.rows("sessions").is_empty());
}

#[tokio::test]
async fn a_session_of_years_outlives_the_400_days_of_its_cookie() {
    let world = World::with(&[("SessionHours", "87600")]).await;
    let client = world.client();
    let signed_in = client.sign_in_by_link(ADA).await;
    assert!(signed_in.cookies[0].contains("Max-Age=34560000;"));
    world.clock.advance(mins(4));
    assert!(client.me().await.cookies.is_empty());
    for (days, max_age) in [(300, "Max-Age=34560000;"), (3349, "Max-Age=86")] {
        world.clock.advance(hours(24 * days));
        let me = client.me().await.assert("200");
        assert!(me.cookies[0].contains(max_age), "{:?}", me.cookies);
    }
}

#[tokio::test]
async fn only_a_cookie_that_would_expire_before_its_session_is_renewed() {
    for (hours, cookies) in [("9600", 0), ("9601", 1)] {
        let world = World::with(&[("SessionHours", hours)]).await;
        let client = world.client();
        client.sign_in_by_link(ADA).await;
        let token = client.session().unwrap();
        world.clock.advance(mins(5));
        let bearer = world.client().me().bearer_token(&token).await;
        assert_eq!(bearer.assert("200").cookies.len(), 0, "{hours}");
        world.clock.advance(mins(5));
        let me = client.me().await.assert("200");
        assert_eq!(me.cookies.len(), cookies, "{hours}");
    }
}

#[tokio::test]
async fn cookies_are_bound_to_their_host_on_a_real_portal() {
    let options = local::Options {
        public_url: Some("https://login.example.com".into()),
        ..local::Options::default()
    };
    let world = World::of(options).await;
    let client = world.client();
    let cookie = client.sign_in_by_link(ADA).await.cookies.remove(0);
    assert!(cookie.starts_with("__Host-partner.sid="), "{cookie}");
    let attributes = "; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure";
    assert!(cookie.ends_with(attributes), "{cookie}");
    assert!(client.cookie("__Host-partner.requests").is_some());
    client.me().await.assert("200");
}

#[tokio::test]
async fn the_session_is_what_me_returns_or_null() {
    let world = World::start().await;
    let client = world.client();
    let is_null = async || {
        client
            .current_session()
            .await
            .assert("200")
            .json()
            .is_null()
    };
    assert!(is_null().await, "nobody has signed in");
    client.sign_in_by_link(ADA).await;
    let cookie = client.session();
    let me = client.me().await.assert("200").json();
    let session = client.current_session().await.assert("200").json();
    assert_eq!(session, me);
    let bearer = world.client();
    let by_token = bearer
        .current_session()
        .bearer_token(cookie.as_deref().unwrap());
    assert_eq!(by_token.await.assert("200").json(), me);
    client.logout().await;
    assert!(is_null().await, "signed out");
    for dead in [cookie.as_deref(), Some("x")] {
        client.set_session(dead);
        assert!(is_null().await, "{dead:?}");
        client.me().await.assert("401 not-authenticated");
    }
}

#[tokio::test]
async fn a_suspended_or_expired_session_is_null() {
    for end in ["suspension", "expiry"] {
        let world = World::start().await;
        let client = world.client();
        client.sign_in_by_link(ADA).await;
        match end {
            "suspension" => world.suspend(ADA).await,
            _ => world.clock.advance(hours(24)),
        }
        let session = client.current_session().await.assert("200").json();
        assert!(session.is_null(), "{end}: {session}");
    }
}

#[tokio::test]
async fn the_session_is_an_error_where_nobody_can_tell() {
    let world = World::start().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let token = client.session().unwrap();
    let twice = client.current_session().bearer_token(&token).await;
    twice.assert("400 invalid-request");
    world.inject(Fault::FailBefore, |call| call.service == "dynamodb");
    client.current_session().await.assert("503 unavailable");
}
