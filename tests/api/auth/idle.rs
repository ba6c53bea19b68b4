//! `IdleMinutes`: sessions that nobody uses end.

use kit::{ADA, ApiClient, World, hours, mins, secs};

async fn world(idle_minutes: &str) -> World {
    World::with(&[("IdleMinutes", idle_minutes)]).await
}

async fn signed_in(world: &World) -> ApiClient<'_> {
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    client
}

#[tokio::test]
async fn an_idle_session_ends_exactly_after_idle_minutes() {
    for (seconds, outcome) in [(1799, "200"), (1800, "401 not-authenticated")] {
        let world = world("30").await;
        let client = signed_in(&world).await;
        world.clock.advance(secs(seconds));
        client.me().await.assert(outcome);
        world.clock.advance(secs(1));
        client.me().await.assert(outcome);
    }
}

#[tokio::test]
async fn a_used_session_does_not_end_before_its_lifetime() {
    let world = world("30").await;
    let client = signed_in(&world).await;
    for _ in 0..23 * 60 / 29 {
        world.clock.advance(mins(29));
        client.me().await.assert("200");
    }
    world.clock.advance(mins(29));
    client.me().await.assert("200");
    world.clock.advance(hours(1));
    client.me().await.assert("401 not-authenticated");
}

#[tokio::test]
async fn use_is_recorded_every_minute_or_a_fifth_of_the_idle_time() {
    for (idle_minutes, grain) in [("30", 60), ("1", 12)] {
        let world = world(idle_minutes).await;
        let client = signed_in(&world).await;
        let idle = 60 * idle_minutes.parse::<u64>().unwrap();
        world.clock.advance(secs(grain - 1));
        client.me().await.assert("200");
        world.clock.advance(secs(1));
        client.me().await.assert("200");
        // The second request was recorded, the first one was not.
        world.clock.advance(secs(idle - 1));
        client.me().await.assert("200");
        world.clock.advance(secs(idle));
        client.me().await.assert("401 not-authenticated");
    }
}

#[tokio::test]
async fn an_idle_session_is_not_listed_and_changes_nothing() {
    let world = world("30").await;
    let idle = signed_in(&world).await;
    world.clock.advance(mins(29));
    let used = signed_in(&world).await;
    world.clock.advance(mins(1));
    assert_eq!(
        used.list_sessions().await.json().as_array().unwrap().len(),
        1
    );
    let before = world.snapshot();
    idle.list_sessions().await.assert("401 not-authenticated");
    idle.revoke_other_sessions()
        .await
        .assert("401 not-authenticated");
    assert_eq!(world.snapshot(), before);
}
