//! A service that fails gives a 503, never a wrong 401, and nothing is half done.

use kit::{ADA, WRONG, World, cancelled, dynamodb_error, mins};
use local::Options;
use local::aws_stub::Fault;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, timeout};

#[tokio::test]
async fn an_unreachable_store_is_503_and_changes_nothing() {
    let world = World::start().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    world.clock.advance(mins(1));
    let email = client.receive_login_email(ADA).await;
    let before = world.snapshot();
    world.inject(Fault::FailBefore, |call| call.service == "dynamodb");
    world.clock.advance(mins(1));
    for request in [
        client.me(),
        client.request_login(ADA),
        client.verify_link(&email.token()),
        client.verify_code(&email.code),
        client.logout(),
    ] {
        let response = request.await.assert("503 unavailable");
        assert!(response.cookies.is_empty());
    }
    world.clear_fault();
    assert_eq!(world.snapshot(), before);
    client.me().await.assert("200");
    client.verify_link(&email.token()).await.assert("200");
}

#[tokio::test]
async fn a_lost_response_of_the_store_is_not_a_lost_sign_in() {
    let world = World::start().await;
    let client = world.client();
    let email = client.receive_login_email(ADA).await;
    world.inject(Fault::LoseAnswer, |call| {
        call.operation == "TransactWriteItems" && call.number == 1
    });
    client.verify_link(&email.token()).await.assert("200");
    assert_eq!(world.rows("sessions").len(), 1);
    client.me().await.assert("200");
}

#[tokio::test]
async fn a_lost_response_about_a_wrong_password_records_it_once() {
    let world = World::with_cheap_hashes(&[]).await;
    world.inject(Fault::LoseAnswer, |call| {
        call.operation == "PutItem" && call.number == 1
    });
    let wrong = world.client().sign_in(ADA, WRONG).await;
    wrong.assert("401 invalid-credentials");
    assert_eq!(world.audit("partner.login.failed").len(), 1);
}

/// Answers the first calls of an operation with this error.
fn reply(world: &World, operation: &'static str, error: &str, calls: usize) {
    let error = Fault::Reply(400, error.to_owned());
    world.inject(error, move |call| {
        call.operation == operation && call.number <= calls
    });
}

#[tokio::test]
async fn conflicting_transactions_are_retried_and_then_answered_truthfully() {
    for (conflicts, outcome, sessions) in [(3, "200", 1), (usize::MAX, "503 unavailable", 0)] {
        let world = World::start().await;
        let client = world.client();
        let email = client.receive_login_email(ADA).await;
        let conflict = cancelled("TransactionConflict");
        reply(&world, "TransactWriteItems", &conflict, conflicts);
        client.verify_link(&email.token()).await.assert(outcome);
        assert_eq!(world.rows("sessions").len(), sessions);
    }
}

#[tokio::test]
async fn an_endless_conflict_is_explained_by_the_state_of_the_link() {
    let world = World::start().await;
    let owner = world.client();
    let email = owner.receive_login_email(ADA).await;
    owner.verify_link(&email.token()).await;
    let conflict = cancelled("TransactionConflict");
    reply(&world, "TransactWriteItems", &conflict, usize::MAX);
    let late = world.client().verify_link(&email.token()).await;
    late.assert("410 used-token");
    owner.verify_link(&email.token()).await.assert("200");
}

#[tokio::test]
async fn a_conflicting_update_or_a_transaction_in_progress_is_retried() {
    let world = World::start().await;
    let client = world.client();
    let in_progress = dynamodb_error("TransactionInProgressException");
    reply(&world, "TransactWriteItems", &in_progress, 2);
    client.sign_in_by_link(ADA).await;
    world.clock.advance(mins(5));
    let conflict = dynamodb_error("TransactionConflictException");
    reply(&world, "UpdateItem", &conflict, 2);
    client.me().await.assert("200");
    let last_seen = world.rows("sessions")[0]["last_seen_at"]["N"].clone();
    assert_eq!(last_seen, world.clock.now().millis().to_string());
}

#[tokio::test(start_paused = true)]
async fn conflicts_are_tried_six_times_with_pauses_only_in_between() {
    let cancelled = cancelled("TransactionConflict");
    let conflict = dynamodb_error("TransactionConflictException");
    for (operation, error) in [("TransactWriteItems", cancelled), ("UpdateItem", conflict)] {
        let world = World::in_process(Options::default()).await;
        let client = world.client();
        client.sign_in_by_link(ADA).await;
        world.clock.advance(mins(5));
        let attempts = Arc::new(Mutex::new(vec![]));
        let seen = Arc::clone(&attempts);
        world.inject(Fault::Reply(400, error), move |call| {
            let matches = call.operation == operation;
            if matches {
                seen.lock().unwrap().push(Instant::now());
            }
            matches
        });
        let request = match operation {
            "UpdateItem" => client.me(),
            _ => client.logout(),
        };
        request.await.assert("503 unavailable");
        let now = Instant::now();
        let attempts = attempts.lock().unwrap().clone();
        assert_eq!((attempts.len(), attempts[5]), (6, now), "{operation}");
        for (n, pair) in attempts.windows(2).enumerate() {
            let pause = pair[1] - pair[0];
            let is_right = !pause.is_zero() && pause <= Duration::from_millis(20 << n);
            assert!(is_right, "{operation}: {pause:?} after attempt {}", n + 1);
        }
    }
}

#[tokio::test]
async fn a_store_that_hangs_is_503_within_seconds() {
    let world = World::start().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let hang = Fault::Delay(Duration::from_secs(60));
    world.inject(hang, |call| call.service == "dynamodb");
    let me = timeout(Duration::from_secs(6), client.me()).await;
    me.unwrap().assert("503 unavailable");
}
