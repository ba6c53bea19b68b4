//! Promise 1: nobody learns who has an account. And the throttle, which does not tell either.

use serde_json::json;
use tests::{Answer, World, mins, secs};

const CLASSES: [&str; 4] = [
    "ada@example.com",
    "nobody@example.com",
    "grace@example.com",
    "sue@example.com",
];

/// A portal with a known, an unknown, an invited and a suspended address.
async fn world() -> World {
    let options = local::Options {
        user: Some("sue@example.com".into()),
        ..local::Options::default()
    };
    let world = World::of(options).await;
    world.suspend("sue@example.com");
    world
}

/// The answer without the one value that is random: the nonce.
fn shape(answer: &Answer) -> String {
    let cookies: Vec<_> = answer
        .cookies
        .iter()
        .map(|cookie| {
            let (name, rest) = cookie.split_once('=').unwrap();
            let (value, attributes) = rest.split_once(';').unwrap();
            format!("{name}={};{attributes}", value.len())
        })
        .collect();
    format!(
        "{} {:?} {cookies:?} {}",
        answer.status, answer.headers, answer.body
    )
}

#[tokio::test]
async fn known_unknown_invited_and_suspended_get_the_same_bytes_after_the_same_calls() {
    let world = world().await;
    let mut seen = vec![];
    for email in CLASSES {
        world.settled().await;
        world.portal.take_calls();
        let browser = world.browser();
        let mut answers = vec![];
        for _ in 0..2 {
            let answer = browser
                .post("/auth/request-login", json!({"email": email}))
                .await;
            answers.push(shape(&answer));
        }
        let calls: Vec<_> = world
            .portal
            .take_calls()
            .into_iter()
            .filter(|call| call.function == "request-login")
            .collect();
        let calls: Vec<_> = calls
            .iter()
            .map(|c| (c.operation.clone(), c.tables.clone(), c.status))
            .collect();
        seen.push((answers, calls));
    }
    assert!(
        seen[0].0[0].starts_with("200") && seen[0].0[1].starts_with("429"),
        "{seen:?}"
    );
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
}

#[tokio::test]
async fn only_the_known_get_mail_and_the_log_says_why_the_others_do_not() {
    let world = world().await;
    for email in CLASSES {
        world
            .browser()
            .post("/auth/request-login", json!({"email": email}))
            .await;
    }
    let mails = world.mails().await;
    assert_eq!(
        mails.iter().map(|mail| &mail["to"]).collect::<Vec<_>>(),
        ["ada@example.com", "grace@example.com"]
    );

    let mut reasons: Vec<_> = world
        .rows("emails")
        .into_iter()
        .map(|row| {
            let text = |name: &str| row[name]["S"].as_str().unwrap_or_default().to_owned();
            assert!(row.get("unfinished").is_none());
            (text("status"), text("reason"), text("address"))
        })
        .collect();
    reasons.sort();
    let row = |status: &str, reason: &str, address: &str| {
        (status.to_owned(), reason.to_owned(), address.to_owned())
    };
    assert_eq!(
        reasons,
        [
            row("dropped", "no-account", ""),
            row("dropped", "suspended", ""),
            row("sent", "", "ada@example.com"),
            row("sent", "", "grace@example.com"),
        ]
    );
}

#[tokio::test]
async fn asking_is_throttled_by_the_minute_and_the_hour_and_a_refused_ask_changes_nothing() {
    let world = World::start().await;
    let browser = world.browser();
    let ask = async |email: &str| {
        browser
            .post("/auth/request-login", json!({"email": email}))
            .await
    };
    for _ in 1..=4 {
        assert_eq!(ask("ada@example.com").await.status, 200);
        world.time.pass(secs(10));
        world.settled().await;
        let (before, cookies) = (world.everything(), browser.cookie_header());
        let refused = ask("ADA@example.com").await;
        assert_eq!(
            (refused.status.as_u16(), refused.problem().as_str()),
            (429, "too-many-attempts")
        );
        assert_eq!(
            (
                &*refused.headers["retry-after"],
                &refused.json()["retry_after"]
            ),
            ("50", &json!(50))
        );
        assert_eq!(
            (world.everything(), browser.cookie_header()),
            (before, cookies)
        );
        assert!(refused.cookies.is_empty());
        world.time.pass(secs(50));
    }
    assert_eq!(ask("ada@example.com").await.status, 200);
    world.time.pass(mins(1));
    let refused = ask("ada@example.com").await;
    assert_eq!(
        (refused.status.as_u16(), &*refused.headers["retry-after"]),
        (429, "3300")
    );
    world.time.pass(mins(55));
    assert_eq!(ask("ada@example.com").await.status, 200);
}

#[tokio::test]
async fn one_persons_asking_does_not_shut_another_out() {
    let world = World::start().await;
    let (owner, stranger) = (world.browser(), world.browser());
    stranger.ask("ada@example.com").await;
    let mail = owner.ask("ada@example.com").await;
    assert_eq!(
        owner
            .post("/auth/verify", json!({"token": mail.token()}))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_network_that_asks_for_everybody_is_stopped() {
    let world = World::with(&[("RequestsPerNetworkHour", "3")]).await;
    let browser = world.browser();
    for n in 0..3 {
        let answer = browser
            .post(
                "/auth/request-login",
                json!({"email": format!("{n}@example.com")}),
            )
            .await;
        assert_eq!(answer.status, 200);
    }
    let refused = browser
        .post("/auth/request-login", json!({"email": "4@example.com"}))
        .await;
    assert_eq!(
        (refused.status.as_u16(), &*refused.headers["retry-after"]),
        (429, "3600")
    );
    assert_eq!(
        world
            .browser()
            .post("/auth/request-login", json!({"email": "4@example.com"}))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_throttled_form_leads_back_to_the_sign_in_page() {
    let world = World::start().await;
    let browser = world.browser();
    for expected in ["/auth/check-email", "/auth/sign-in?error=too_many_attempts"] {
        let asked = browser
            .post_form("/auth/request-login", &[("email", "ada@example.com")])
            .await;
        assert_eq!(
            asked.location(),
            world.portal.public_url().to_owned() + expected
        );
    }
    assert!(
        browser
            .get("/auth/sign-in?error=too_many_attempts")
            .await
            .body
            .contains("Too many attempts.")
    );
    let wrong = browser
        .post_form("/auth/request-login", &[("email", "ada@example")])
        .await;
    assert_eq!(
        wrong.location(),
        world.portal.public_url().to_owned() + "/auth/sign-in?error=invalid_request"
    );
}
