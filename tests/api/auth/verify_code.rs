//! `POST /auth/verify` with a code: only where it was requested, five attempts, one answer for
//! every failure.

use futures_util::future::join_all;
use kit::routes::CHECK_EMAIL;
use kit::{ADA, ApiClient, World, mins, secs};
use local::aws_stub::Fault;
use serde_json::Value;

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
    with_request.assert("400 invalid-token");
    assert_eq!(without_request.json()["attempts_left"], Value::Null);
    assert!(world.rows("sessions").is_empty());
}

/// Returns the code `1234 5678` in forms that people paste and type.
fn spellings(code: &str) -> Vec<String> {
    let digits = code.replace(' ', "");
    let (first, second) = code.split_once(' ').unwrap();
    let in_full_width = |c: char| char::from_u32(u32::from(c) - 0x30 + 0xff10).unwrap();
    vec![
        digits.clone(),
        format!("    {code}"),
        format!("{code}\r\n"),
        format!("{first}-{second}"),
        format!("{first}\u{2013}{second}"),
        format!("\u{feff}{first}\u{a0}{second}\u{200b}"),
        digits.chars().map(in_full_width).collect(),
        digits.chars().flat_map(|c| [c, ' ']).collect(),
    ]
}

#[tokio::test]
async fn a_code_works_however_it_is_pasted_or_typed() {
    let world = World::start().await;
    for n in 0..spellings("1234 5678").len() {
        for by_form in [false, true] {
            world.clock.advance(mins(5));
            let client = world.client();
            let code = client.receive_login_email(ADA).await.code;
            let typed = &spellings(&code)[n];
            let redeemed = if by_form {
                client.verify_code(typed).form().await
            } else {
                client.verify_code(typed).await
            };
            assert!(redeemed.status < 400, "{typed:?}: {redeemed:?}");
            client.me().await.assert("200");
        }
    }
}

#[tokio::test]
async fn a_code_that_is_not_eight_digits_says_so_and_is_not_counted() {
    let world = World::start().await;
    let client = world.client();
    let email = client.receive_login_email(ADA).await;
    let before = world.snapshot();
    let in_part = &email.code[..8];
    for malformed in [
        "",
        "",
        "",
        "",
        "",
        "",
        " ",
        "-",
        "\u{200b}",
        "12345678x",
        in_part,
    ] {
        world.portal.take_calls();
        let refused = client.verify_code(malformed).await;
        let detail = refused.assert("400 invalid-request").json()["detail"].clone();
        assert_eq!(detail, "`code` must be the 8 digits from the email.");
        assert!(world.portal.take_calls().is_empty(), "{malformed:?}");
    }
    let form = client.verify_code("1234").form().await;
    let back = form.assert("303 /auth/check-email?error=invalid-request&field=code");
    let page = client.open(&back.location()).await;
    page.assert_contains("Enter the 8-digit code from the email.");
    assert_eq!(world.snapshot(), before);
    client.verify_code(&email.code).await.assert("200");
}

#[tokio::test]
async fn a_wrong_code_says_how_many_attempts_this_client_has_left() {
    let world = World::start().await;
    let client = world.client();
    let stranger = world.client();
    let email = client.receive_login_email(ADA).await;
    let guessing = stranger.receive_login_email(ADA).await;
    stranger.request_login("nobody@example.com").await;
    for left in [4, 3, 2, 1, 0, 0] {
        let wrong = client.verify_code(&email.wrong_code()).await;
        let wrong = wrong.assert("400 invalid-token").json();
        assert_eq!(wrong["attempts_left"], left);
        // What others do changes nothing, nor whether anybody has the address.
        let other = stranger.verify_code(&guessing.wrong_code()).await.json();
        assert_eq!(other["attempts_left"], left);
    }
    let right = client.verify_code(&email.code).await;
    assert_eq!(right.assert("400 invalid-token").json()["attempts_left"], 0);
    // Another link brings its own attempts.
    world.clock.advance(mins(1));
    let second = client.receive_login_email(ADA).await;
    let wrong = client.verify_code(&second.wrong_code()).await.json();
    assert_eq!(wrong["attempts_left"], 4);
    client.verify_code(&second.code).await.assert("200");
}

#[tokio::test]
async fn a_code_works_for_ten_minutes_and_its_link_as_long_as_configured() {
    for (minutes, sentences) in [
        (
            "60",
            ["expires after 60 minutes.", "expires after 10 minutes."],
        ),
        (
            "10",
            [
                "once and expires after 10 minutes.",
                "there and expires after 10 minutes.",
            ],
        ),
        (
            "5",
            [
                "once and expires after 5 minutes.",
                "there and expires after 5 minutes.",
            ],
        ),
    ] {
        let world = World::with(&[("LinkMinutes", minutes)]).await;
        let [early, late] = [(); 2].map(|()| world.client());
        let code = early.receive_login_email(ADA).await.code;
        let email = late.receive_login_email(ADA).await;
        let text = email.text.replace('\n', " ");
        for sentence in sentences {
            assert!(text.contains(sentence), "{sentence}: {text}");
        }
        let lifetime: u64 = minutes.parse().unwrap();
        world.clock.advance(mins(lifetime.min(10)) - secs(1));
        early.verify_code(&code).await.assert("200");
        world.clock.advance(secs(1));
        let expired = late.verify_code(&email.code).await;
        let expired = expired.assert("400 invalid-token").json();
        assert_eq!(expired["attempts_left"], 4);
        let by_link = late.verify_link(&email.token()).await;
        assert_eq!(by_link.status == 200, lifetime > 10, "{by_link:?}");
    }
}

#[tokio::test]
async fn a_pasted_code_is_not_cut_off() {
    let world = World::with(&[("OtherBrowser", "code")]).await;
    let client = world.client();
    let email = client.receive_login_email(ADA).await;
    for page in [
        client.open(CHECK_EMAIL).await,
        world.client().open(email.path()).await,
    ] {
        let (_, field) = page.body.split_once("name=\"code\"").unwrap();
        let (field, _) = field.split_once('>').unwrap();
        assert!(!field.contains("maxlength") && !field.contains("pattern"));
    }
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

    // Each is its client's second attempt, so that the attempts left are the same.
    let wrong = world.client();
    let email = wrong.receive_login_email(ADA).await;
    wrong.verify_code(&email.wrong_code()).await;
    let mut seen = vec![observe(&world, &wrong, &email.wrong_code()).await];

    let unknown = world.client();
    unknown.request_login("nobody@example.com").await;
    unknown.verify_code("12345678").await;
    seen.push(observe(&world, &unknown, "12345678").await);

    let suspended = world.client();
    let email = suspended.receive_login_email("sue@example.com").await;
    suspended.verify_code(&email.wrong_code()).await;
    world.suspend("sue@example.com").await;
    seen.push(observe(&world, &suspended, &email.code).await);

    for age in [10, 15] {
        let expired = world.client();
        let email = expired.receive_login_email(ADA).await;
        expired.verify_code(&email.wrong_code()).await;
        world.clock.advance(mins(age));
        // The first request after five minutes also fetches the key ring.
        expired.verify_link("x").await;
        seen.push(observe(&world, &expired, &email.code).await);
    }

    let (response, calls) = &seen[0];
    assert!(
        response.starts_with("400 ") && calls.len() == 6,
        "{seen:#?}"
    );
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
}

#[tokio::test]
async fn a_hundred_codes_are_compared_for_an_address_over_all_its_links() {
    let world = World::with(&[("EmailsPerHour", "1000"), ("EmailsPerDay", "1000")]).await;
    let known = world.client();
    known.sign_in_by_link(ADA).await;
    let mut guesses = 0;
    while guesses < 100 {
        let stranger = world.client();
        let email = stranger.receive_login_email(ADA).await;
        for _ in 0..5 {
            let wrong = stranger.verify_code(&email.wrong_code()).await;
            wrong.assert("400 invalid-token");
            guesses += 1;
        }
    }
    assert_eq!(world.audit("partner.code.failed").len(), 100);
    assert_eq!(
        world.audit("partner.code.failed")[0]["severity"]["S"],
        "warning"
    );
    let new = world.client();
    let email = new.receive_login_email(ADA).await;
    let right = new.verify_code(&email.code).await;
    assert_eq!(right.assert("400 invalid-token").json()["attempts_left"], 4);
    // A known browser has its own count.
    world.clock.advance(mins(1));
    let email = known.receive_login_email(ADA).await;
    known.verify_code(&email.code).await.assert("200");
    world.clock.advance(mins(1));
    let email = new.receive_login_email(ADA).await;
    // The count starts anew after a sign-in.
    new.verify_code(&email.code).await.assert("200");
}

#[tokio::test]
async fn a_browser_that_is_no_longer_known_has_the_codes_of_everybody_else() {
    let world = World::start().await;
    let known = world.client();
    known.sign_in_by_link(ADA).await;
    for _ in 0..30 {
        let wrong = known.sign_in(ADA, "a wrong password of ada").await;
        wrong.assert("401 invalid-credentials");
    }
    world.clock.advance(mins(1));
    let email = known.receive_login_email(ADA).await;
    known.verify_code(&email.code).await.assert("200");
}

#[tokio::test]
async fn a_code_that_cannot_be_redeemed_now_is_not_audited_as_wrong() {
    let world = World::start().await;
    let client = world.client();
    let email = client.receive_login_email(ADA).await;
    world.inject(Fault::FailBefore, |call| {
        call.operation == "TransactWriteItems"
    });
    for code in [&email.code, &email.wrong_code()] {
        client.verify_code(code).await.assert("503 unavailable");
    }
    assert!(world.audit("partner.code.failed").is_empty());
    world.clear_fault();
    client.verify_code(&email.code).await.assert("200");
}
