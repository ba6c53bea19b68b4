//! `POST /auth/forgot-password` and `POST /auth/reset-password`: every session ends, one link works
//! once, and concurrent sign-ins lose.

use futures_util::future::join_all;
use kit::{ADA, PASSWORD, World, mins};

const NEW: &str = "another horse battery staple";

#[tokio::test]
async fn a_reset_ends_every_session_and_notifies_the_owner() {
    let world = World::with_cheap_hashes(&[]).await;
    world.set_password(ADA, PASSWORD).await;
    let clients = [world.client(), world.client()];
    for client in &clients {
        client.sign_in(ADA, PASSWORD).await.assert("200");
    }
    world.clock.advance(mins(1));
    world.set_password(ADA, NEW).await;
    for client in &clients {
        client.me().await.assert("401 not-authenticated");
    }
    let old = clients[0].sign_in(ADA, PASSWORD).await;
    old.assert("401 invalid-credentials");
    clients[0].sign_in(ADA, NEW).await.assert("200");
    let mut notices = world.rows("emails");
    notices.retain(|row| row["kind"]["S"] == "password-changed");
    assert_eq!(notices.len(), 2);
}

#[tokio::test]
async fn a_reset_link_works_once_and_a_lost_response_can_be_repeated() {
    let world = World::with_cheap_hashes(&[]).await;
    let client = world.client();
    client.forgot_password(ADA).await;
    let token = world.latest_email().await.token();
    let reset = client.reset_password(&token, PASSWORD);
    let reset = reset.idempotency_key("the-key-of-this-page");
    reset.clone().await.assert("200");
    world.settle().await;
    let before = world.snapshot();
    reset.await.assert("200");
    let other = client.reset_password(&token, NEW);
    let other = other.idempotency_key("the-key-of-another-page").await;
    other.assert("410 used-token");
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn a_weak_password_is_refused_with_a_reason_and_the_link_stays_valid() {
    let world = World::with_cheap_hashes(&[]).await;
    let client = world.client();
    client.forgot_password(ADA).await;
    let token = world.latest_email().await.token();
    let before = world.snapshot();
    for (password, reason) in [
        ("shrt", "too-short"),
        (ADA, "personal"),
        ("aaaaaaaaaaaaaaaaaaaa", "repeats"),
    ] {
        let refused = client.reset_password(&token, password).await;
        let refused = refused.assert("422 weak-password").assert_lacks(password);
        assert_eq!(refused.json()["reason"], reason);
    }
    assert_eq!(world.snapshot(), before);
    client.reset_password(&token, PASSWORD).await.assert("200");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_session_of_the_old_password_outlives_a_concurrent_reset() {
    let world = World::with_cheap_hashes(&[
        ("PasswordAttempts", "1000"),
        ("RequestsPerMinute", "60"),
        ("RequestsPerHour", "1000"),
        ("EmailsPerHour", "1000"),
        ("EmailsPerDay", "10000"),
    ])
    .await;
    world.set_password(ADA, PASSWORD).await;
    let mut password = PASSWORD.to_owned();
    for round in 0..10 {
        let next = format!("round {round} of the horse race");
        let owner = world.client();
        owner.forgot_password(ADA).await;
        let token = world.latest_email().await.token();
        let racers: Vec<_> = (0..5).map(|_| world.client()).collect();
        let sign_in = racers.iter().map(|racer| racer.sign_in(ADA, &password));
        let race = join_all(sign_in.map(IntoFuture::into_future));
        let (_, reset) = tokio::join!(race, owner.reset_password(&token, &next).into_future());
        reset.assert("200");
        for racer in &racers {
            racer.me().await.assert("401 not-authenticated");
        }
        world.settle().await;
        password = next;
    }
}
