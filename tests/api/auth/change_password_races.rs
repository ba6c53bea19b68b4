//! `POST /auth/change-password`: repeats, lost responses, and what happens at the same time.

use super::change_password::{KEY, NEW, ada, world};
use futures_util::future::join_all;
use kit::routes::ACCOUNT;
use kit::{
    ADA, ApiRequest, ApiResponse, CHEAP_HASHES, PASSWORD, World, cancelled, mins, parameters, secs,
};
use local::Options;
use local::aws_stub::Fault;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const OTHER: &str = "a third horse battery staple";

/// Starts a portal where Ada has a password. In a paused runtime, a delayed call waits until
/// nothing else is left to do.
async fn paused_world(pairs: &[(&str, &str)]) -> World {
    let options = Options {
        parameters: parameters(&[&CHEAP_HASHES, pairs].concat()),
        ..Options::default()
    };
    let world = World::in_process(options).await;
    world.set_password(ADA, PASSWORD).await;
    world.clock.advance(mins(1));
    world
}

/// Sends a change, and does something else after it has verified the current password and before
/// it writes. Needs a paused world.
async fn meanwhile(
    world: &World,
    change: ApiRequest<'_>,
    other: impl Future<Output = ()>,
) -> ApiResponse {
    let writes = Arc::new(Notify::new());
    let about_to_write = Arc::clone(&writes);
    world.inject(Fault::Delay(Duration::from_millis(500)), move |call| {
        let is_first = call.function == "change-password"
            && call.operation == "TransactWriteItems"
            && call.number == 1;
        if is_first {
            about_to_write.notify_one();
        }
        is_first
    });
    let other = async {
        writes.notified().await;
        other.await;
    };
    let (changed, ()) = tokio::join!(change.into_future(), other);
    world.clear_fault();
    changed
}

#[tokio::test]
async fn a_repeat_with_the_same_key_succeeds_for_a_minute_and_changes_nothing() {
    let world = world(&[]).await;
    let client = ada(&world, PASSWORD).await;
    let change = client.change_password(PASSWORD, NEW).idempotency_key(KEY);
    change.clone().await.assert("200");
    world.settle().await;
    let before = ["users", "sessions", "emails", "audit"].map(|table| world.rows(table));
    world.clock.advance(secs(60));
    change.clone().await.assert("200");
    let form = change.clone().form().await;
    form.assert(&format!("303 {ACCOUNT}?notice=password-changed"));
    let after = ["users", "sessions", "emails", "audit"].map(|table| world.rows(table));
    assert_eq!(after, before);
    let without_key = client.change_password(PASSWORD, NEW).await;
    without_key.assert("401 invalid-credentials");
    let other_key = change.clone().idempotency_key("the-key-of-another-page");
    other_key.await.assert("401 invalid-credentials");
    world.clock.advance(secs(1));
    change.await.assert("401 invalid-credentials");
}

#[tokio::test]
async fn the_same_key_with_another_password_is_another_change() {
    let world = world(&[]).await;
    let client = ada(&world, PASSWORD).await;
    let change = |current, new| client.change_password(current, new).idempotency_key(KEY);
    change(PASSWORD, NEW).await.assert("200");
    let wrong = change(PASSWORD, OTHER).await;
    wrong.assert("401 invalid-credentials");
    change(NEW, OTHER).await.assert("200");
    // The first change is no longer the last one.
    let late = change(PASSWORD, NEW).await;
    late.assert("401 invalid-credentials");
    ada(&world, OTHER).await;
}

#[tokio::test]
async fn a_key_that_signed_in_does_not_hide_a_change() {
    let world = world(&[]).await;
    let [client, phone] = [world.client(), ada(&world, PASSWORD).await];
    let sign_in = client.sign_in(ADA, PASSWORD).idempotency_key(KEY);
    sign_in.await.assert("200");
    let change = client.change_password(PASSWORD, PASSWORD);
    change.idempotency_key(KEY).await.assert("200");
    phone.me().await.assert("401 not-authenticated");
    let sign_in = phone.sign_in(ADA, PASSWORD).idempotency_key(KEY);
    sign_in.await.assert("200");
    phone.me().await.assert("200");
}

#[tokio::test]
async fn lost_responses_of_the_store_change_the_password_once() {
    let world = world(&[]).await;
    let client = ada(&world, PASSWORD).await;
    world.inject(Fault::LoseAnswer, |call| {
        call.operation == "TransactWriteItems" && call.number == 1
    });
    client.change_password(PASSWORD, NEW).await.assert("200");
    assert_eq!(world.audit("partner.password.changed").len(), 1);
    // All responses are lost, and the client repeats its request.
    world.inject(Fault::LoseAnswer, |call| {
        call.operation == "TransactWriteItems"
    });
    let change = client.change_password(NEW, OTHER).idempotency_key(KEY);
    change.clone().await.assert("503 unavailable");
    world.clear_fault();
    change.await.assert("200");
    assert_eq!(world.audit("partner.password.changed").len(), 2);
    client.me().await.assert("200");
}

#[tokio::test]
async fn an_unavailable_store_changes_nothing() {
    let world = world(&[]).await;
    let client = ada(&world, PASSWORD).await;
    let before = ["users", "sessions", "emails"].map(|table| world.rows(table));
    let conflict = Fault::Reply(400, cancelled("TransactionConflict"));
    for fault in [Fault::FailBefore, conflict] {
        world.inject(fault, |call| call.operation == "TransactWriteItems");
        let failed = client.change_password(PASSWORD, NEW).await;
        failed.assert("503 unavailable");
        let form = client.change_password(PASSWORD, NEW).form().await;
        form.assert(&format!("303 {ACCOUNT}?error=unavailable"));
        world.clear_fault();
    }
    let after = ["users", "sessions", "emails"].map(|table| world.rows(table));
    assert_eq!(after, before);
}

#[tokio::test(start_paused = true)]
async fn a_button_pressed_twice_changes_the_password_once() {
    let world = paused_world(&[]).await;
    let client = ada(&world, PASSWORD).await;
    let change = client.change_password(PASSWORD, NEW).idempotency_key(KEY);
    let second = change.clone();
    let first = meanwhile(&world, change, async {
        second.await.assert("200");
    });
    first.await.assert("200");
    assert_eq!(world.audit("partner.password.changed").len(), 1);
    client.me().await.assert("200");
}

#[tokio::test(start_paused = true)]
async fn of_two_changes_at_once_the_second_is_told_that_its_password_is_wrong() {
    let world = paused_world(&[]).await;
    let client = ada(&world, PASSWORD).await;
    let other = client.change_password(PASSWORD, OTHER);
    let late = meanwhile(&world, client.change_password(PASSWORD, NEW), async {
        other.await.assert("200");
    });
    late.await.assert("401 invalid-credentials");
    client.me().await.assert("200");
    ada(&world, OTHER).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_meanwhile_changes_nothing() {
    let world = paused_world(&[("RequestsPerMinute", "60")]).await;
    for end in ["logout", "change", "reset", "suspension", "administrator"] {
        let [client, other] = [ada(&world, PASSWORD).await, ada(&world, PASSWORD).await];
        let twin = client.fork();
        let late = meanwhile(&world, client.change_password(PASSWORD, NEW), async {
            match end {
                "logout" => drop(twin.logout().await.assert("200")),
                "change" => drop(
                    other
                        .change_password(PASSWORD, PASSWORD)
                        .await
                        .assert("200"),
                ),
                "reset" => world.set_password(ADA, PASSWORD).await,
                "suspension" => world.suspend(ADA).await,
                _ => world.revoke_sessions(ADA).await,
            }
        });
        late.await.assert("401 not-authenticated");
        let id = world.user_id(ADA);
        let admin = world.client();
        admin.update_user(&id).status("active").await.assert("200");
        world.clock.advance(mins(15));
        ada(&world, PASSWORD).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_goes_on_after_the_other_sessions_were_ended_meanwhile() {
    let world = paused_world(&[]).await;
    let client = ada(&world, PASSWORD).await;
    let twin = client.fork();
    let changed = meanwhile(&world, client.change_password(PASSWORD, NEW), async {
        twin.revoke_other_sessions().await.assert("204");
    });
    changed.await.assert("200");
    client.me().await.assert("200");
    ada(&world, NEW).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_session_of_the_old_password_outlives_a_concurrent_change() {
    let world = world(&[("PasswordAttempts", "1000")]).await;
    let mut password = PASSWORD.to_owned();
    for round in 0..10 {
        let next = format!("round {round} of the horse race");
        let owners = [ada(&world, &password).await, ada(&world, &password).await];
        let racers: Vec<_> = (0..4).map(|_| world.client()).collect();
        let sign_ins = racers.iter().map(|racer| racer.sign_in(ADA, &password));
        let changes = owners
            .iter()
            .map(|one| one.change_password(&password, &next));
        let (_, changes) = tokio::join!(
            join_all(sign_ins.map(IntoFuture::into_future)),
            join_all(changes.map(IntoFuture::into_future)),
        );
        // The other one finds its password wrong, or its session ended.
        let mut statuses: Vec<_> = changes.iter().map(|change| change.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
        for racer in &racers {
            racer.me().await.assert("401 not-authenticated");
        }
        world.settle().await;
        password = next;
    }
    assert_eq!(world.audit("partner.password.changed").len(), 10);
}
