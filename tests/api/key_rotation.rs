//! The key ring: refreshed every five minutes, and rotated without signing anybody out.

use kit::{ADA, World, mins, secs};
use local::Options;
use local::aws_stub::Fault;
use serde_json::json;
use std::time::Duration;

/// Returns a key ring whose second key, if it has one, was added at this time in seconds.
fn ring(added_at: Option<u64>) -> String {
    let key = |added_at| json!({"kid": "2", "secret": "s".repeat(64), "added_at": added_at});
    let keys: Vec<_> = added_at.map(key).into_iter().collect();
    json!({"root": "r".repeat(64), "keys": keys}).to_string()
}

async fn world(added_at: Option<u64>) -> World {
    World::of(Options {
        key_ring: Some(ring(added_at)),
        ..Options::default()
    })
    .await
}

/// Lets every refresh of the key ring fail.
fn fail_refreshes(world: &World) {
    world.inject(Fault::FailBefore, |call| call.service == "secretsmanager");
}

/// Returns the id of the key that signed a token.
fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

#[tokio::test]
async fn the_key_ring_is_refreshed_after_five_minutes_and_not_before() {
    let world = World::start().await;
    world.portal.take_calls();
    for (millis, count) in [(0, 0), (299_999, 0), (1, 1), (0, 0), (299_999, 0), (1, 1)] {
        world.clock.advance(Duration::from_millis(millis));
        world.client().me().await;
        world.client().me().bearer_token("x").await;
        let mut calls = world.portal.take_calls();
        calls.retain(|call| call.service == "secretsmanager");
        assert_eq!(calls.len(), count, "{millis} ms later");
    }
}

#[tokio::test]
async fn keys_that_cannot_be_refreshed_stay_in_use() {
    let world = World::start().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    fail_refreshes(&world);
    world.clock.advance(mins(10));
    client.me().await.assert("200");
}

#[tokio::test]
async fn a_new_key_signs_once_every_instance_knows_it_and_nobody_is_signed_out() {
    let world = world(None).await;
    let before = world.client();
    before.sign_in_by_link(ADA).await;

    let added = ring(Some(world.clock.now().secs()));
    world.portal.set_key_ring(Some(added));
    // The second time, this instance has the new key, and others may not.
    for _ in 0..2 {
        let email = world.client().receive_login_email(ADA).await;
        assert_eq!(kid(&email.token()), "1");
        world.clock.advance(mins(5));
    }
    let after = world.client();
    let email = after.receive_login_email(ADA).await;
    assert_eq!(kid(&email.token()), "2");
    after.verify_link(&email.token()).await.assert("200");
    let session = after.session();
    assert_eq!(kid(session.as_deref().unwrap()), "2");
    for client in [&before, &after] {
        client.me().await.assert("200");
    }

    // A copy that is ten minutes old may lack a key that signs by now, so an unknown key is
    // answered "try again". In a newer copy an unknown key is invalid.
    let requester = world.client();
    let email = requester.receive_login_email(ADA).await;
    let by_link = requester.verify_link(&email.token());
    world.portal.set_key_ring(Some(ring(None)));
    world.clock.advance(mins(6));
    after.me().await.assert("401 not-authenticated");
    by_link.clone().await.assert("400 invalid-token");
    fail_refreshes(&world);
    world.clock.advance(mins(6));
    after.set_session(session.as_deref());
    after.me().await.assert("401 not-authenticated");
    world.clock.advance(mins(5));
    let before = world.snapshot();
    for request in [after.me(), by_link, requester.verify_code(&email.code)] {
        request.await.assert("503 unavailable");
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn an_old_copy_of_the_ring_says_try_again_and_keeps_nonces_it_does_not_know() {
    let world = world(Some(0)).await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let nonce = client.nonces().unwrap();

    // From now on no copy has the key that signed all this, as if it had been added right after
    // they were fetched.
    world.portal.set_key_ring(Some(ring(None)));
    world.clock.advance(mins(5));
    client.me().await.assert("401 not-authenticated");
    world.client().request_login("bob@example.com").await;
    fail_refreshes(&world);
    world.clock.advance(secs(595));
    client.me().await.assert("401 not-authenticated");
    world.clock.advance(secs(5));
    client.me().await.assert("503 unavailable");
    client.request_login(ADA).await.assert("200");
    let nonces = client.nonces().unwrap();
    assert!(nonces.ends_with(&format!(".{nonce}")), "{nonces}");
}
