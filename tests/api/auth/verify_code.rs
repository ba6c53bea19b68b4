//! `POST /auth/verify` with a code: only where it was requested, five attempts, one answer for
//! every failure.

use futures_util::future::join_all;
use kit::{ADA, ApiClient, World, mins, secs};

#[tokio::test]
async fn a_code_signs_in_where_it_was_requested_also_after_a_second_request() {
    let world = World::start().await;
    let client = world.client();
    let first = client.receive_login_email(ADA).await;
    world.clock.advance(mins(1));
    let second = client.receive_login_email(ADA).await;
    assert_ne!(first.code, second.code);
    for email in [first, second] {
        let user = client.verify_code(&email.code).await.assert("200").json();
        assert_eq!(user["user"]["email"], ADA);
        client.me().await.assert("200");
    }
    // The second session replaced the first, as both are of the same browser.
    let rows = world.rows("sessions");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["auth_method"]["S"], "code");
}

#[tokio::test]
async fn a_code_does_nothing_in_any_other_browser() {
    let world = World::start().await;
    let thief = world.client();
    let email = world.client().receive_login_email(ADA).await;
    let before = world.snapshot();
    let without_request = thief.verify_code(&email.code).await;
    let without_request = without_request.assert("400 invalid-token");
    assert_eq!(world.snapshot(), before);

    thief.request_login("nobody@example.com").await;
    world.settle().await;
    let with_request = thief.verify_code(&email.code).await;
    assert_eq!(with_request.body, without_request.body);
    assert!(world.rows("sessions").is_empty());
}

#[tokio::test]
async fn five_wrong_codes_void_the_code_but_not_the_link() {
    let world = World::start().await;
    let client = world.client();
    let email = client.receive_login_email(ADA).await;
    for code in vec![email.wrong_code(); 5].iter().chain([&email.code]) {
        client.verify_code(code).await.assert("400 invalid-token");
    }
    assert!(world.rows("sessions").is_empty());
    client.verify_link(&email.token()).await.assert("200");
}

#[tokio::test]
async fn concurrent_guesses_get_no_more_than_five_attempts() {
    let world = World::start().await;
    let client = world.client();
    let email = client.receive_login_email(ADA).await;
    let wrong = client.verify_code(&email.wrong_code());
    join_all((0..40).map(|_| wrong.clone().into_future())).await;
    let mut rows = world.rows("rate-limits");
    rows.retain(|row| row["pk"]["S"].as_str().unwrap().starts_with("code#"));
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["count"]["N"], "5");
    let right = client.verify_code(&email.code).await;
    right.assert("400 invalid-token");
}

#[tokio::test]
async fn an_exhausted_link_is_skipped_and_the_newer_one_still_works() {
    let world = World::start().await;
    let client = world.client();
    let first = client.receive_login_email(ADA).await;
    for _ in 0..5 {
        client.verify_code(&first.wrong_code()).await;
    }
    world.clock.advance(mins(1));
    let second = client.receive_login_email(ADA).await;
    let exhausted = client.verify_code(&first.code).await;
    exhausted.assert("400 invalid-token");
    client.verify_code(&second.code).await.assert("200");
}

/// Returns the response to a code and the calls it caused.
async fn observe(world: &World, client: &ApiClient<'_>, code: &str) -> (String, Vec<String>) {
    world.settle().await;
    world.portal.take_calls();
    let response = client.verify_code(code).await;
    let mut calls = world.portal.take_calls();
    calls.retain(|call| call.function == "verify");
    let calls = calls.iter();
    let mut calls: Vec<_> = calls
        .map(|call| format!("{} {:?}", call.operation, call.tables))
        .collect();
    calls.sort();
    let outcome = response.outcome();
    (
        format!("{outcome} {:?} {}", response.cookies, response.body),
        calls,
    )
}

#[tokio::test]
async fn every_failure_has_the_same_response_after_the_same_calls() {
    let options = local::Options {
        user: Some("sue@example.com".into()),
        ..local::Options::default()
    };
    let world = World::of(options).await;

    let wrong = world.client();
    let email = wrong.receive_login_email(ADA).await;
    let mut seen = vec![
        observe(&world, &wrong, &email.wrong_code()).await,
        observe(&world, &wrong, "no code").await,
    ];

    let unknown = world.client();
    unknown.request_login("nobody@example.com").await;
    seen.push(observe(&world, &unknown, "12345678").await);

    let used = world.client();
    let email = used.receive_login_email(ADA).await;
    used.verify_code(&email.code).await.assert("200");
    world.clock.advance(secs(61));
    seen.push(observe(&world, &used, &email.code).await);

    let suspended = world.client();
    let email = suspended.receive_login_email("sue@example.com").await;
    world.suspend("sue@example.com").await;
    seen.push(observe(&world, &suspended, &email.code).await);

    let expired = world.client();
    let email = expired.receive_login_email(ADA).await;
    world.clock.advance(mins(15));
    // The first request after five minutes also fetches the key ring.
    expired.verify_link("x").await;
    seen.push(observe(&world, &expired, &email.code).await);

    let (response, calls) = &seen[0];
    assert!(
        response.starts_with("400 ") && calls.len() == 6,
        "{seen:#?}"
    );
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
}
