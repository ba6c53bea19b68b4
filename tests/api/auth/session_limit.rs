//! `SessionsPerUser`: with one session more, the oldest ends.

use futures_util::future::join_all;
use kit::{ADA, ApiClient, PASSWORD, World, mins, secs};

async fn world(limit: &str) -> World {
    let world = World::with_cheap_hashes(&[("SessionsPerUser", limit)]).await;
    world.set_password(ADA, PASSWORD).await;
    world
}

async fn sign_in<'a>(world: &'a World) -> ApiClient<'a> {
    world.clock.advance(secs(1));
    let client = world.client();
    client.sign_in(ADA, PASSWORD).await.assert("200");
    client
}

async fn live(clients: &[ApiClient<'_>]) -> Vec<bool> {
    let all = clients.iter().map(|client| async { client.me().await });
    let all = join_all(all).await;
    all.iter().map(|me| me.status == 200).collect()
}

#[tokio::test]
async fn the_oldest_session_ends_with_one_too_many() {
    let world = world("2").await;
    let mut clients = vec![sign_in(&world).await, sign_in(&world).await];
    assert_eq!(live(&clients).await, [true, true]);
    world.clock.advance(mins(2));
    let by_link = world.client();
    by_link.sign_in_by_link(ADA).await;
    clients.push(by_link);
    assert_eq!(live(&clients).await, [false, true, true]);
    clients.push(sign_in(&world).await);
    assert_eq!(live(&clients).await, [false, false, true, true]);
    let ended = |record: &serde_json::Value| record["metadata"]["M"]["ended"]["S"].is_string();
    assert_eq!(
        world
            .audit("partner.login")
            .iter()
            .filter(|r| ended(r))
            .count(),
        2
    );
}

#[tokio::test]
async fn sessions_that_ended_or_are_replaced_do_not_count() {
    let world = world("2").await;
    let clients = [sign_in(&world).await, sign_in(&world).await];
    clients[1].logout().await.assert("200");
    let third = sign_in(&world).await;
    third.sign_in(ADA, PASSWORD).await.assert("200");
    assert_eq!(live(&clients).await, [true, false]);
    third.me().await.assert("200");
}

#[tokio::test]
async fn sign_ins_at_the_same_time_leave_as_many_sessions_as_allowed() {
    let world = world("3").await;
    let clients: Vec<_> = (0..8).map(|_| world.client()).collect();
    let sign_ins = clients
        .iter()
        .map(|client| async { client.sign_in(ADA, PASSWORD).await });
    let signed_in = join_all(sign_ins).await;
    let signed_in = signed_in.iter().filter(|response| response.status == 200);
    assert!(signed_in.count() >= 3);
    let live = live(&clients).await.into_iter().filter(|live| *live);
    assert_eq!(live.count(), 3);
    assert_eq!(world.rows("sessions").len(), 3);
}

#[tokio::test]
async fn a_limit_of_one_leaves_the_newest_session() {
    let world = world("1").await;
    let clients = [
        sign_in(&world).await,
        sign_in(&world).await,
        sign_in(&world).await,
    ];
    assert_eq!(live(&clients).await, [false, false, true]);
}
