//! Signing in with a password: the throttles and the cap, costs of before, and the session it takes
//! the place of.

use futures_util::future::join_all;
use local::aws_stub::Fault;
use serde_json::json;
use tests::{PASSWORD, WRONG, World, mins};

#[tokio::test]
async fn the_right_password_signs_in_and_the_wrong_one_does_not() {
    let world = World::with_cheap_hashes(&[]).await;
    world.set_password("ada@example.com", PASSWORD).await;
    let browser = world.browser();
    let wrong = browser.sign_in_with("ada@example.com", WRONG).await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.problem().as_str()),
        (401, "invalid-credentials")
    );
    assert_eq!(wrong.headers["www-authenticate"], "Bearer");
    assert!(wrong.cookies.is_empty() && world.rows("sessions").is_empty());
    let audit = world
        .rows("audit")
        .into_iter()
        .find(|row| row["action"]["S"] == "partner.login.failed")
        .unwrap();
    assert_eq!(
        (&audit["severity"]["S"], &audit["resource_type"]["S"]),
        (&json!("warning"), &json!("address"))
    );

    let right = browser.sign_in_with("Ada@Example.com", PASSWORD).await;
    assert_eq!(right.status, 200, "{}", right.body);
    assert_eq!(right.json()["user"]["email"], "ada@example.com");
    assert_eq!(browser.me().await.json()["email"], "ada@example.com");
    assert_eq!(world.rows("sessions")[0]["auth_method"]["S"], "password");
    let logins = world
        .rows("audit")
        .iter()
        .filter(|row| row["action"]["S"] == "partner.login")
        .count();
    assert_eq!(logins, 1);
}

#[tokio::test]
async fn a_form_leads_on_or_back_with_the_reason() {
    let world = World::with_cheap_hashes(&[]).await;
    world.set_password("ada@example.com", PASSWORD).await;
    let browser = world.browser();
    let own = world.portal.public_url().to_owned();
    let wrong = browser
        .post_form(
            "/auth/sign-in",
            &[("email", "ada@example.com"), ("password", "x")],
        )
        .await;
    assert_eq!(
        wrong.location(),
        format!("{own}/auth/sign-in?error=invalid_credentials")
    );
    // A wrong password, or no address, loses nothing.
    let led_on = format!("{own}/reports?of=all&year=2026");
    for (path, error, email) in [
        ("/auth/sign-in", "invalid_credentials", "ada@example.com"),
        ("/auth/sign-in", "invalid_request", "no address"),
        ("/auth/request-login", "invalid_request", "no address"),
    ] {
        let mut fields = vec![
            ("email", email),
            ("password", "x"),
            ("next", "/reports?of=all&year=2026"),
        ];
        fields.retain(|(name, _)| path == "/auth/sign-in" || *name != "password");
        let back = browser.post_form(path, &fields).await.location();
        assert!(
            back.starts_with(&format!("{own}/auth/sign-in?error={error}&next=")),
            "{path}: {back}"
        );
        assert_eq!(
            browser
                .get(back.strip_prefix(&own).unwrap())
                .await
                .field("next"),
            led_on.replace('&', "&#38;")
        );
    }
    let fields = [
        ("email", "ada@example.com"),
        ("password", PASSWORD),
        ("next", "/reports"),
    ];
    let right = browser.post_form("/auth/sign-in", &fields).await;
    assert_eq!(
        (right.status.as_u16(), right.location()),
        (303, format!("{own}/reports"))
    );
    let elsewhere = [
        ("email", "ada@example.com"),
        ("password", PASSWORD),
        ("next", "https://evil.example"),
    ];
    let refused = browser.post_form("/auth/sign-in", &elsewhere).await;
    assert_eq!(
        refused.location(),
        format!("{own}/auth/sign-in?error=invalid_request")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_guesses_at_once_compute_ten_hashes_and_the_owner_signs_in_by_link() {
    let world = World::with_cheap_hashes(&[]).await;
    world.set_password("ada@example.com", PASSWORD).await;
    let hashes = world.portal.hashes();
    let attack = join_all(
        (0..1000).map(|_| async { world.browser().sign_in_with("ada@example.com", WRONG).await }),
    );
    let owner = world.browser();
    let (answers, signed_in) = tokio::join!(attack, owner.sign_in("ada@example.com"));
    assert_eq!(signed_in.status, 200);
    let count = |kind: &str| {
        answers
            .iter()
            .filter(|answer| answer.problem() == kind)
            .count()
    };
    assert_eq!(
        (
            answers.iter().filter(|answer| answer.status == 200).count(),
            count("too-many-attempts")
        ),
        (0, 990)
    );
    assert!(world.portal.hashes() - hashes <= 10);
    assert_eq!(owner.me().await.status, 200);
}

#[tokio::test]
async fn the_cap_holds_until_a_mailed_link_is_used() {
    let world = World::with_cheap_hashes(&[]).await;
    world.set_password("ada@example.com", PASSWORD).await;
    crate::accounts::cap(&world, "ada@example.com").await;
    assert_eq!(
        world
            .browser()
            .sign_in_with("ada@example.com", PASSWORD)
            .await
            .problem(),
        "invalid-credentials"
    );
    world.time.pass(mins(399 * 24 * 60));
    world.portal.sweep_ttl().unwrap();
    assert_eq!(
        world
            .browser()
            .sign_in_with("ada@example.com", PASSWORD)
            .await
            .problem(),
        "invalid-credentials"
    );
    let owner = world.browser();
    owner.sign_in("ada@example.com").await;
    assert_eq!(
        world
            .browser()
            .sign_in_with("ada@example.com", PASSWORD)
            .await
            .status,
        200
    );
    // The count begins anew.
    assert_eq!(
        world
            .browser()
            .sign_in_with("ada@example.com", "x")
            .await
            .problem(),
        "invalid-credentials"
    );
    assert_eq!(
        world
            .browser()
            .sign_in_with("ada@example.com", PASSWORD)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_wrong_password_that_is_counted_late_takes_nothing_back() {
    let world = World::with_cheap_hashes(&[]).await;
    world.set_password("ada@example.com", PASSWORD).await;
    let browser = world.browser();
    let wrong = async || {
        browser
            .sign_in_with("ada@example.com", WRONG)
            .await
            .status
            .as_u16()
    };
    let in_a_row = || {
        let rows = world.rows("rate-limits");
        let row = rows.iter().find(|row| {
            row["pk"]["S"]
                .as_str()
                .unwrap()
                .starts_with("consecutive-failures#")
        });
        row.unwrap()["count"]["N"].clone()
    };
    // The first of a row, and one more of it: each is told "later", and counted when others have
    // been.
    for counted in ["2", "3"] {
        world.portal.set_fault(|attempt| {
            let in_a_row = attempt.body.to_string().contains("consecutive-failures#");
            if attempt.operation == "UpdateItem" && in_a_row {
                Fault::Late
            } else {
                Fault::None
            }
        });
        assert_eq!(wrong().await, 503);
        world.portal.set_fault(|_| Fault::None);
        assert_eq!(
            (wrong().await, wrong().await, in_a_row()),
            (401, 401, json!(counted))
        );
        assert_eq!(
            browser
                .sign_in_with("ada@example.com", PASSWORD)
                .await
                .status,
            200
        );
        assert_eq!((wrong().await, in_a_row()), (401, json!("1")));
        world.portal.release_delayed();
        assert_eq!(in_a_row(), json!("1"));
    }
}

#[tokio::test]
async fn one_network_may_be_wrong_a_hundred_times_an_hour() {
    let world = World::with_cheap_hashes(&[("PasswordPerNetworkHour", "3")]).await;
    let office = world.browser();
    for n in 0..3 {
        let wrong = office
            .sign_in_with(&format!("colleague{n}@example.com"), "wrong")
            .await;
        assert_eq!(wrong.problem(), "invalid-credentials");
    }
    let refused = office.sign_in_with("colleague9@example.com", "wrong").await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem().as_str()),
        (429, "too-many-attempts")
    );
    assert_eq!(refused.headers["retry-after"], "3600");
}

#[tokio::test]
async fn signing_in_while_signed_in_takes_the_old_sessions_place() {
    let world = World::with_cheap_hashes(&[]).await;
    world.set_password("ada@example.com", PASSWORD).await;
    let browser = world.browser();
    browser.sign_in_with("ada@example.com", PASSWORD).await;
    let old = browser.cookie("partner.sid").unwrap();
    browser.sign_in_with("ada@example.com", PASSWORD).await;
    assert_eq!(browser.me().await.status, 200);
    assert_eq!(world.rows("sessions").len(), 1);
    let thief = world.browser();
    thief.set_cookie("partner.sid", Some(&old));
    assert_eq!(thief.me().await.status, 401);
}

#[tokio::test]
async fn an_old_hash_signs_in_while_its_costs_are_known_and_is_renewed() {
    let cheap = [
        ("Argon2MemoryKib", "7168"),
        ("Argon2Passes", "2"),
        ("PreviousArgon2", "m=7168,t=1,p=1"),
    ];
    let (before, world) = (
        World::with_cheap_hashes(&[]).await,
        World::with(&cheap).await,
    );
    before.set_password("ada@example.com", PASSWORD).await;
    let hash = |world: &World| {
        let rows = world.rows("users");
        rows.iter()
            .find_map(|row| row["password"]["S"].as_str().map(str::to_owned))
            .unwrap()
    };
    let old = hash(&before);
    assert!(old.contains("$m=7168,t=1,p=1$"));
    world.set_user(
        "ada@example.com",
        "SET password = :p",
        &json!({":p": {"S": old}}),
    );
    let hashes = world.portal.hashes();
    assert_eq!(
        world
            .browser()
            .sign_in_with("ada@example.com", "wrong")
            .await
            .status,
        401
    );
    assert_eq!(
        world.portal.hashes() - hashes,
        2,
        "one at each cost, for every account"
    );
    assert_eq!(
        world
            .browser()
            .sign_in_with("unknown@example.com", "wrong")
            .await
            .status,
        401
    );
    assert_eq!(world.portal.hashes() - hashes, 4);
    assert_eq!(
        world
            .browser()
            .sign_in_with("ada@example.com", PASSWORD)
            .await
            .status,
        200
    );
    assert!(hash(&world).contains("$m=7168,t=2,p=1$"));
    assert_eq!(
        world
            .browser()
            .sign_in_with("ada@example.com", PASSWORD)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn without_passwords_their_endpoints_are_not_there() {
    let world = World::with(&[("Activation", "link")]).await;
    let browser = world.browser();
    for path in [
        "/auth/sign-in",
        "/auth/activate",
        "/auth/forgot-password",
        "/auth/reset-password",
        "/auth/sign-up",
    ] {
        let absent = browser.post(path, json!({})).await;
        assert_eq!(
            (absent.status.as_u16(), absent.problem().as_str()),
            (404, "not-found"),
            "{path}"
        );
    }
}
