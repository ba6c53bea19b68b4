//! Setting another password: every session ends, one link works once, and what races it loses.

use futures_util::future::join_all;
use serde_json::json;
use tests::{PASSWORD, World, mins};

#[tokio::test]
async fn a_reset_ends_every_session_and_tells_the_owner() {
    let world = World::with_cheap_hashes(&[]).await;
    world.set_password("ada@example.com", PASSWORD).await;
    let (laptop, phone) = (world.browser(), world.browser());
    for browser in [&laptop, &phone] {
        assert_eq!(
            browser
                .sign_in_with("ada@example.com", PASSWORD)
                .await
                .status,
            200
        );
    }
    world.time.pass(mins(1));
    world
        .set_password("ada@example.com", "another horse battery staple")
        .await;
    for browser in [&laptop, &phone] {
        assert_eq!(browser.me().await.problem(), "not-authenticated");
    }
    assert_eq!(
        laptop
            .sign_in_with("ada@example.com", PASSWORD)
            .await
            .problem(),
        "invalid-credentials"
    );
    assert_eq!(
        laptop
            .sign_in_with("ada@example.com", "another horse battery staple")
            .await
            .status,
        200
    );
    let notices = world
        .rows("emails")
        .iter()
        .filter(|row| row["kind"]["S"] == "password-changed")
        .count();
    assert_eq!(notices, 2);
}

#[tokio::test]
async fn a_reset_link_works_once_and_a_lost_answer_can_be_asked_for_again() {
    let world = World::with_cheap_hashes(&[]).await;
    let browser = world.browser();
    browser
        .post("/auth/forgot-password", json!({"email": "ada@example.com"}))
        .await;
    let token = world.mail().await.token();
    let body =
        json!({"token": token, "password": PASSWORD, "idempotency_key": "an-attempt-of-this-page"});
    assert_eq!(
        browser
            .post("/auth/reset-password", body.clone())
            .await
            .status,
        200
    );
    world.settled().await;
    let before = world.everything();
    assert_eq!(browser.post("/auth/reset-password", body).await.status, 200);
    let other = json!({"token": token, "password": "another horse battery staple", "idempotency_key": "another-attempt-elsewhere"});
    assert_eq!(
        browser.post("/auth/reset-password", other).await.problem(),
        "used-token"
    );
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn a_weak_password_is_refused_with_a_reason_and_the_link_stays_good() {
    let world = World::with_cheap_hashes(&[]).await;
    let browser = world.browser();
    browser
        .post("/auth/forgot-password", json!({"email": "ada@example.com"}))
        .await;
    let token = world.mail().await.token();
    let before = world.everything();
    for (password, reason) in [
        ("shrt", "too-short"),
        ("ada@example.com", "personal"),
        ("aaaaaaaaaaaaaaaaaaaa", "repeats"),
    ] {
        let refused = browser
            .post(
                "/auth/reset-password",
                json!({"token": token, "password": password}),
            )
            .await;
        assert_eq!(
            (refused.status.as_u16(), refused.problem().as_str()),
            (422, "weak-password"),
            "{password}"
        );
        assert_eq!(refused.json()["reason"], reason, "{}", refused.body);
        assert!(!refused.body.contains(password));
    }
    assert_eq!(world.everything(), before);
    let good = browser
        .post(
            "/auth/reset-password",
            json!({"token": token, "password": PASSWORD}),
        )
        .await;
    assert_eq!(good.status, 200, "{}", good.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_session_of_the_old_password_outlives_a_reset_that_races_it() {
    let world = World::with_cheap_hashes(&[
        ("PasswordAttempts", "1000"),
        ("RequestsPerMinute", "60"),
        ("RequestsPerHour", "1000"),
        ("EmailsPerHour", "1000"),
        ("EmailsPerDay", "10000"),
    ])
    .await;
    world.set_password("ada@example.com", PASSWORD).await;
    let mut password = PASSWORD.to_owned();
    for round in 0..10 {
        let next = format!("round {round} of the horse race");
        let owner = world.browser();
        owner
            .post("/auth/forgot-password", json!({"email": "ada@example.com"}))
            .await;
        let token = world.mail().await.token();
        let racers: Vec<_> = (0..5).map(|_| world.browser()).collect();
        let race = join_all(
            racers
                .iter()
                .map(|racer| racer.sign_in_with("ada@example.com", &password)),
        );
        let reset = owner.post(
            "/auth/reset-password",
            json!({"token": token, "password": next}),
        );
        let (_, reset) = tokio::join!(race, reset);
        assert_eq!(reset.status, 200, "{}", reset.body);
        for racer in &racers {
            assert_eq!(racer.me().await.status, 401);
        }
        world.settled().await;
        password = next;
    }
}
