//! Promise 11: what cannot be reached is a 503, never a wrong 401, and nothing is half done.

use local::aws_stub::Fault;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::{WRONG, World, mins, secs};
use tokio::time::Instant;

/// An error as DynamoDB sends it.
fn error(kind: &str) -> String {
    json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": "said the store"}).to_string()
}

/// A cancelled transaction whose first item has this reason.
fn cancelled(reason: &str) -> String {
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled",
        "CancellationReasons": [{"Code": reason, "Message": "Transaction is ongoing for the item"}]
    })
    .to_string()
}

#[tokio::test]
async fn a_store_that_cannot_be_reached_is_503_and_changes_nothing() {
    let world = World::start().await;
    let browser = world.browser();
    browser.sign_in("ada@example.com").await;
    world.time.pass(mins(1));
    let mail = browser.ask("ada@example.com").await;
    let before = world.everything();
    world.portal.set_fault(|attempt| {
        if attempt.service == "dynamodb" {
            Fault::FailBefore
        } else {
            Fault::None
        }
    });
    world.time.pass(mins(1));
    let answers = [
        browser.me().await,
        browser
            .post("/auth/request-login", json!({"email": "ada@example.com"}))
            .await,
        browser
            .post("/auth/verify", json!({"token": mail.token()}))
            .await,
        browser
            .post("/auth/verify", json!({"code": mail.code()}))
            .await,
        browser.post("/auth/logout", json!({})).await,
    ];
    for answer in answers {
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (503, "unavailable")
        );
        assert!(answer.cookies.is_empty());
    }
    world.portal.set_fault(|_| Fault::None);
    assert_eq!(world.everything(), before);
    assert_eq!(browser.me().await.status, 200);
    assert_eq!(
        browser
            .post("/auth/verify", json!({"token": mail.token()}))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_lost_answer_of_the_store_is_not_a_lost_login() {
    let world = World::start().await;
    let browser = world.browser();
    let mail = browser.ask("ada@example.com").await;
    let calls = AtomicUsize::new(0);
    world
        .portal
        .set_fault(move |attempt| match attempt.operation.as_str() {
            "TransactWriteItems" if calls.fetch_add(1, Ordering::SeqCst) == 0 => Fault::LoseAnswer,
            _ => Fault::None,
        });
    assert_eq!(
        browser
            .post("/auth/verify", json!({"token": mail.token()}))
            .await
            .status,
        200
    );
    assert_eq!(world.rows("sessions").len(), 1);
    assert_eq!(browser.me().await.status, 200);
}

#[tokio::test]
async fn a_lost_answer_about_a_wrong_password_is_still_its_answer_and_is_written_down_once() {
    let world = World::with_cheap_hashes(&[]).await;
    world
        .portal
        .set_fault(|attempt| match attempt.operation.as_str() {
            "PutItem" if attempt.number == 1 => Fault::LoseAnswer,
            _ => Fault::None,
        });
    let answer = world.browser().sign_in_with("ada@example.com", WRONG).await;
    let audit = world.rows("audit");
    let failed = audit
        .iter()
        .filter(|row| row["action"]["S"] == "partner.login.failed")
        .count();
    assert_eq!((answer.status.as_u16(), failed), (401, 1));
}

#[tokio::test]
async fn transactions_that_run_into_each_other_are_tried_again_and_then_answered_truthfully() {
    let conflict = cancelled("TransactionConflict");
    for (conflicts, status, sessions) in [(3, 200, 1), (usize::MAX, 503, 0)] {
        let world = World::start().await;
        let browser = world.browser();
        let mail = browser.ask("ada@example.com").await;
        let (calls, body) = (AtomicUsize::new(0), conflict.clone());
        world
            .portal
            .set_fault(move |attempt| match attempt.operation.as_str() {
                "TransactWriteItems" if calls.fetch_add(1, Ordering::SeqCst) < conflicts => {
                    Fault::Reply(400, body.clone())
                }
                _ => Fault::None,
            });
        let answer = browser
            .post("/auth/verify", json!({"token": mail.token()}))
            .await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(world.rows("sessions").len(), sessions);
    }
}

#[tokio::test]
async fn a_conflict_that_does_not_end_is_judged_by_what_the_link_is() {
    let world = World::start().await;
    let (owner, late) = (world.browser(), world.browser());
    let mail = owner.ask("ada@example.com").await;
    owner
        .post("/auth/verify", json!({"token": mail.token()}))
        .await;
    let conflict = cancelled("TransactionConflict");
    world
        .portal
        .set_fault(move |attempt| match attempt.operation.as_str() {
            "TransactWriteItems" => Fault::Reply(400, conflict.clone()),
            _ => Fault::None,
        });
    assert_eq!(
        late.post("/auth/verify", json!({"token": mail.token()}))
            .await
            .problem(),
        "used-token"
    );
    assert_eq!(
        owner
            .post("/auth/verify", json!({"token": mail.token()}))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn an_update_or_a_transaction_that_meets_another_is_tried_again() {
    let world = World::start().await;
    let browser = world.browser();
    let in_progress = error("TransactionInProgressException");
    world
        .portal
        .set_fault(move |attempt| match attempt.operation.as_str() {
            "TransactWriteItems" if attempt.number <= 2 => Fault::Reply(400, in_progress.clone()),
            _ => Fault::None,
        });
    browser.sign_in("ada@example.com").await;
    world.time.pass(mins(5));
    let conflict = error("TransactionConflictException");
    world
        .portal
        .set_fault(move |attempt| match attempt.operation.as_str() {
            "UpdateItem" if attempt.number <= 2 => Fault::Reply(400, conflict.clone()),
            _ => Fault::None,
        });
    assert_eq!(browser.me().await.status, 200);
    let seen = world.rows("sessions")[0]["last_seen_at"]["N"].clone();
    assert_eq!(seen, world.time.now().millis().to_string());
}

#[tokio::test(start_paused = true)]
async fn what_keeps_running_into_others_is_tried_six_times_with_pauses_in_between_only() {
    let (cancelled, conflict) = (
        cancelled("TransactionConflict"),
        error("TransactionConflictException"),
    );
    for (operation, body) in [("TransactWriteItems", cancelled), ("UpdateItem", conflict)] {
        let world = World::in_process(local::Options::default()).await;
        let browser = world.browser();
        browser.sign_in("ada@example.com").await;
        world.time.pass(mins(5));
        let tries = Arc::new(Mutex::new(vec![]));
        let seen = Arc::clone(&tries);
        world.portal.set_fault(move |attempt| {
            if attempt.operation != operation {
                return Fault::None;
            }
            seen.lock().unwrap().push(Instant::now());
            Fault::Reply(400, body.clone())
        });
        let answer = match operation {
            "UpdateItem" => browser.me().await,
            _ => browser.post("/auth/logout", json!({})).await,
        };
        let (now, tries) = (Instant::now(), tries.lock().unwrap().clone());
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (503, "unavailable"),
            "{operation}"
        );
        assert_eq!(
            (tries.len(), now - tries[5]),
            (6, Duration::ZERO),
            "{operation}"
        );
        for (n, pair) in tries.windows(2).enumerate() {
            let (pause, most) = (pair[1] - pair[0], Duration::from_millis(20 << n));
            assert!(
                !pause.is_zero() && pause <= most,
                "{operation}: {pause:?} after try {}",
                n + 1
            );
        }
    }
}

#[tokio::test]
async fn the_key_ring_is_fetched_again_after_five_minutes_and_not_before() {
    let world = World::start().await;
    world.portal.take_calls();
    let fetched = async || {
        world.browser().me().await;
        let bearer = world.browser();
        let request = bearer
            .bare(reqwest::Method::GET, "/auth/me")
            .header("authorization", "Bearer x");
        bearer.send(request).await;
        world
            .portal
            .take_calls()
            .iter()
            .filter(|call| call.service == "secretsmanager")
            .count()
    };
    for (span, count) in [(0, 0), (299_999, 0), (1, 1), (0, 0), (299_999, 0), (1, 1)] {
        world.time.pass(Duration::from_millis(span));
        assert_eq!(fetched().await, count, "{span} ms later");
    }
}

#[tokio::test]
async fn a_store_that_hangs_is_503_within_seconds() {
    let world = World::start().await;
    let browser = world.browser();
    browser.sign_in("ada@example.com").await;
    world
        .portal
        .set_fault(|attempt| match attempt.service.as_str() {
            "dynamodb" => Fault::Delay(std::time::Duration::from_secs(60)),
            _ => Fault::None,
        });
    let hanging = tokio::time::timeout(std::time::Duration::from_secs(6), browser.me());
    assert_eq!(hanging.await.unwrap().problem(), "unavailable");
}

#[tokio::test]
async fn keys_that_cannot_be_refreshed_serve_on() {
    let world = World::start().await;
    let browser = world.browser();
    browser.sign_in("ada@example.com").await;
    world.portal.set_fault(|attempt| {
        if attempt.service == "secretsmanager" {
            Fault::FailBefore
        } else {
            Fault::None
        }
    });
    world.time.pass(mins(10));
    assert_eq!(browser.me().await.status, 200);
}

#[tokio::test]
async fn a_rotated_key_signs_once_everybody_knows_it_and_nobody_is_signed_out() {
    let root = "r".repeat(64);
    let ring = |keys: serde_json::Value| json!({"root": root, "keys": keys}).to_string();
    let world = World::of(local::Options {
        key_ring: Some(ring(json!([]))),
        ..local::Options::default()
    })
    .await;
    let before = world.browser();
    before.sign_in("ada@example.com").await;

    let added_at = world.time.now().secs();
    world.portal.set_key_ring(Some(ring(
        json!([{"kid": "2", "secret": "s".repeat(64), "added_at": added_at}]),
    )));
    let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let mail = world.browser().ask("ada@example.com").await;
    assert_eq!(kid(&mail.token()), "1");

    world.time.pass(mins(10));
    let after = world.browser();
    let mail = after.ask("ada@example.com").await;
    assert_eq!(kid(&mail.token()), "2");
    assert_eq!(
        after
            .post("/auth/verify", json!({"token": mail.token()}))
            .await
            .status,
        200
    );
    assert_eq!(kid(&after.cookie("partner.sid").unwrap()), "2");
    assert_eq!(
        (
            before.me().await.status.as_u16(),
            after.me().await.status.as_u16()
        ),
        (200, 200)
    );

    // A copy that could not be renewed for ten minutes may lack a key that signs by now: later, not
    // never. Before that, a key that it does not know cannot be one.
    let foreign = after.cookie("partner.sid").unwrap();
    let asking = world.browser();
    let mail = asking.ask("ada@example.com").await;
    world.portal.set_key_ring(Some(ring(json!([]))));
    world.time.pass(mins(6));
    assert_eq!(after.me().await.problem(), "not-authenticated");
    assert_eq!(
        asking
            .post("/auth/verify", json!({"token": mail.token()}))
            .await
            .problem(),
        "invalid-token"
    );
    world.portal.set_fault(|attempt| {
        if attempt.service == "secretsmanager" {
            Fault::FailBefore
        } else {
            Fault::None
        }
    });
    world.time.pass(mins(6));
    after.set_cookie("partner.sid", Some(&foreign));
    assert_eq!(after.me().await.problem(), "not-authenticated");
    world.time.pass(mins(5));
    let before = world.everything();
    assert_eq!(after.me().await.problem(), "unavailable");
    assert_eq!(
        asking
            .post("/auth/verify", json!({"token": mail.token()}))
            .await
            .problem(),
        "unavailable"
    );
    assert_eq!(
        asking
            .post("/auth/verify", json!({"code": mail.code()}))
            .await
            .problem(),
        "unavailable"
    );
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn a_copy_of_the_ring_says_later_from_the_moment_it_may_lack_a_key_and_keeps_the_nonces_it_does_not_know()
 {
    let root = "r".repeat(64);
    let ring = |keys: serde_json::Value| json!({"root": root, "keys": keys}).to_string();
    let younger = ring(json!([{"kid": "2", "secret": "s".repeat(64), "added_at": 0}]));
    let world = World::of(local::Options {
        key_ring: Some(younger),
        ..local::Options::default()
    })
    .await;
    let browser = world.browser();
    browser.sign_in("ada@example.com").await;
    let known = browser.cookie("partner.requests").unwrap();

    // From here on, no copy has the key that has signed all this, as if it had been added right
    // after they were fetched.
    world.portal.set_key_ring(Some(ring(json!([]))));
    world.time.pass(mins(5));
    assert_eq!(browser.me().await.problem(), "not-authenticated");
    world
        .browser()
        .post("/auth/request-login", json!({"email": "bob@example.com"}))
        .await;
    world.portal.set_fault(|attempt| {
        if attempt.service == "secretsmanager" {
            Fault::FailBefore
        } else {
            Fault::None
        }
    });
    world.time.pass(secs(595));
    assert_eq!(browser.me().await.problem(), "not-authenticated");
    world.time.pass(secs(5));
    assert_eq!(browser.me().await.problem(), "unavailable");

    let answer = browser
        .post("/auth/request-login", json!({"email": "ada@example.com"}))
        .await;
    assert_eq!(answer.status, 200);
    assert!(
        browser
            .cookie("partner.requests")
            .unwrap()
            .ends_with(&format!(".{known}"))
    );
}
