//! Codes: only in the browser that asked, five tries, one answer for every failure.

use serde_json::json;
use tests::{Browser, World, mins, secs};

#[tokio::test]
async fn a_code_signs_in_the_browser_that_asked_also_after_asking_twice() {
    let world = World::start().await;
    let browser = world.browser();
    let first = browser.ask("ada@example.com").await;
    world.time.pass(mins(1));
    let second = browser.ask("ada@example.com").await;
    assert_ne!(first.code(), second.code());
    for mail in [first, second] {
        let answer = browser
            .post("/auth/verify", json!({"code": mail.code()}))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.json()["user"]["email"], "ada@example.com");
        assert_eq!(browser.me().await.status, 200);
    }
    let began: Vec<_> = world
        .rows("sessions")
        .iter()
        .map(|row| row["auth_method"]["S"].clone())
        .collect();
    // The second took the place of the first: it was the same browser.
    assert_eq!(began, ["code"]);
}

#[tokio::test]
async fn a_code_does_nothing_in_any_other_browser() {
    let world = World::start().await;
    let (owner, thief) = (world.browser(), world.browser());
    let mail = owner.ask("ada@example.com").await;
    let before = world.everything();
    let empty = thief
        .post("/auth/verify", json!({"code": mail.code()}))
        .await;
    assert_eq!(
        (empty.status.as_u16(), empty.problem().as_str()),
        (400, "invalid-token")
    );
    assert_eq!(world.everything(), before);

    thief.ask("nobody@example.com").await;
    let asked = thief
        .post("/auth/verify", json!({"code": mail.code()}))
        .await;
    assert_eq!(asked.body, empty.body);
    assert!(world.rows("sessions").is_empty());
}

#[tokio::test]
async fn five_wrong_codes_end_the_code_but_not_the_link() {
    let world = World::start().await;
    let browser = world.browser();
    let mail = browser.ask("ada@example.com").await;
    let wrong = mail.other_code();
    for _ in 0..5 {
        assert_eq!(
            browser
                .post("/auth/verify", json!({"code": wrong}))
                .await
                .problem(),
            "invalid-token"
        );
    }
    assert_eq!(
        browser
            .post("/auth/verify", json!({"code": mail.code()}))
            .await
            .problem(),
        "invalid-token"
    );
    assert!(world.rows("sessions").is_empty());
    assert_eq!(
        browser
            .post("/auth/verify", json!({"token": mail.token()}))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn parallel_guesses_get_no_more_than_five_tries() {
    let world = World::start().await;
    let browser = world.browser();
    let mail = browser.ask("ada@example.com").await;
    let wrong = mail.other_code();
    let guesses = (0..40).map(|_| browser.post("/auth/verify", json!({"code": wrong})));
    futures_util::future::join_all(guesses).await;
    let counts: Vec<_> = world
        .rows("rate-limits")
        .into_iter()
        .filter(|row| row["pk"]["S"].as_str().unwrap().starts_with("code#"))
        .map(|row| row["count"]["N"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(counts, ["5"]);
    assert_eq!(
        browser
            .post("/auth/verify", json!({"code": mail.code()}))
            .await
            .problem(),
        "invalid-token"
    );
}

#[tokio::test]
async fn an_exhausted_link_is_left_out_and_the_younger_one_still_works() {
    let world = World::start().await;
    let browser = world.browser();
    let first = browser.ask("ada@example.com").await;
    for _ in 0..5 {
        browser
            .post("/auth/verify", json!({"code": first.other_code()}))
            .await;
    }
    world.time.pass(mins(1));
    let second = browser.ask("ada@example.com").await;
    assert_eq!(
        browser
            .post("/auth/verify", json!({"code": first.code()}))
            .await
            .problem(),
        "invalid-token"
    );
    assert_eq!(
        browser
            .post("/auth/verify", json!({"code": second.code()}))
            .await
            .status,
        200
    );
}

/// Answer and calls of one code attempt.
async fn attempt(
    world: &World,
    browser: &Browser<'_>,
    code: &str,
) -> (String, Vec<(String, Vec<String>)>) {
    world.settled().await;
    world.portal.take_calls();
    let answer = browser.post("/auth/verify", json!({"code": code})).await;
    let calls = world
        .portal
        .take_calls()
        .into_iter()
        .filter(|call| call.function == "verify");
    let mut calls: Vec<_> = calls.map(|call| (call.operation, call.tables)).collect();
    calls.sort();
    (
        format!("{} {:?} {}", answer.status, answer.cookies, answer.body),
        calls,
    )
}

#[tokio::test]
async fn wrong_unknown_used_expired_and_suspended_are_one_answer_after_the_same_calls() {
    let options = local::Options {
        user: Some("sue@example.com".into()),
        ..local::Options::default()
    };
    let world = World::of(options).await;
    let mut seen = vec![];

    let wrong = world.browser();
    let mail = wrong.ask("ada@example.com").await;
    seen.push(attempt(&world, &wrong, &mail.other_code()).await);
    seen.push(attempt(&world, &wrong, "no code").await);

    let unknown = world.browser();
    unknown.ask("nobody@example.com").await;
    seen.push(attempt(&world, &unknown, "12345678").await);

    let used = world.browser();
    let mail = used.ask("ada@example.com").await;
    assert_eq!(
        used.post("/auth/verify", json!({"code": mail.code()}))
            .await
            .status,
        200
    );
    world.time.pass(secs(61));
    seen.push(attempt(&world, &used, &mail.code()).await);

    let suspended = world.browser();
    let mail = suspended.ask("sue@example.com").await;
    world.suspend("sue@example.com");
    seen.push(attempt(&world, &suspended, &mail.code()).await);

    let expired = world.browser();
    let mail = expired.ask("ada@example.com").await;
    world.time.pass(mins(15));
    // The key ring is fetched again after five minutes, whoever comes first.
    expired.post("/auth/verify", json!({"token": "x"})).await;
    seen.push(attempt(&world, &expired, &mail.code()).await);

    assert!(
        seen[0].0.starts_with("400") && seen[0].1.len() == 3,
        "{seen:#?}"
    );
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
}
