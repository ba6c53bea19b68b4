//! Every kind of token, everywhere but where it belongs: refused with the right problem, and
//! nothing written.

use serde_json::{Value, json};
use tests::{Answer, Browser, CHEAP_HASHES, PASSWORD, World, mins, owned};

/// What a link may be good for: how it is asked for, by whom, where it is used, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    SignIn,
    Activation,
    Reset,
}

const KINDS: [Kind; 3] = [Kind::SignIn, Kind::Activation, Kind::Reset];

impl Kind {
    const fn owner(self) -> &'static str {
        match self {
            Self::SignIn | Self::Reset => "ada@example.com",
            Self::Activation => "grace@example.com",
        }
    }

    const fn requested_at(self) -> &'static str {
        match self {
            Self::SignIn | Self::Activation => "/auth/request-login",
            Self::Reset => "/auth/forgot-password",
        }
    }

    const fn used_at(self) -> &'static str {
        match self {
            Self::SignIn => "/auth/verify",
            Self::Activation => "/auth/activate",
            Self::Reset => "/auth/reset-password",
        }
    }

    const fn minutes(self) -> u64 {
        match self {
            Self::SignIn => 15,
            Self::Activation => 72 * 60,
            Self::Reset => 60,
        }
    }

    /// Asks for one, and gives the token in the mail.
    async fn mailed(self, world: &World, browser: &Browser<'_>) -> String {
        let asked = browser
            .post(self.requested_at(), json!({"email": self.owner()}))
            .await;
        assert_eq!(asked.status, 200, "{}", asked.body);
        world.mail().await.token()
    }
}

/// Uses a token at the endpoint of `kind`.
async fn used(browser: &Browser<'_>, kind: Kind, token: &str) -> Answer {
    let mut body = json!({ "token": token });
    if kind != Kind::SignIn {
        body["password"] = json!(PASSWORD);
    }
    browser.post(kind.used_at(), body).await
}

/// A portal called so, whose hashes cost next to nothing, with the key that all of them here have.
async fn world(name: &str) -> World {
    let parameters = owned(&[&CHEAP_HASHES[..], &[("Portal", name)]].concat());
    let key_ring = json!({"root": "k".repeat(64), "keys": []}).to_string();
    World::of(local::Options {
        parameters,
        key_ring: Some(key_ring),
        ..local::Options::default()
    })
    .await
}

fn is(answer: &Answer, status: u16, problem: &str, what: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.problem().as_str()),
        (status, problem),
        "{what}: {}",
        answer.body
    );
    assert!(answer.cookies.is_empty(), "{what}");
}

#[tokio::test]
async fn a_link_is_good_at_its_own_endpoint_and_nowhere_else() {
    for kind in KINDS {
        let world = world("partner").await;
        let browser = world.browser();
        let token = kind.mailed(&world, &browser).await;
        let before = world.everything();
        for other in KINDS.into_iter().filter(|other| *other != kind) {
            is(
                &used(&browser, other, &token).await,
                400,
                "invalid-token",
                &format!("{kind:?} at {other:?}"),
            );
        }
        for cookie in ["partner.sid", "partner.requests"] {
            let stranger = world.browser();
            stranger.set_cookie(cookie, Some(&token));
            is(
                &stranger.me().await,
                401,
                "not-authenticated",
                &format!("{kind:?} as {cookie}"),
            );
            let code = stranger
                .post("/auth/verify", json!({"code": "12345678"}))
                .await;
            is(
                &code,
                400,
                "invalid-token",
                &format!("{kind:?} as {cookie}, with a code"),
            );
        }
        let code = json!({"request": token, "code": "12345678"});
        is(
            &browser.post("/auth/verify", code).await,
            400,
            "invalid-token",
            &format!("{kind:?} as a bearer's request"),
        );
        assert_eq!(world.everything(), before, "{kind:?}");
        assert_eq!(used(&browser, kind, &token).await.status, 200, "{kind:?}");
    }
}

#[tokio::test]
async fn a_session_or_a_nonce_is_no_link() {
    let world = world("partner").await;
    let browser = world.browser();
    browser.sign_in("ada@example.com").await;
    let held = [
        browser.cookie("partner.sid").unwrap(),
        browser.cookie("partner.requests").unwrap(),
    ];
    let before = world.everything();
    for token in &held {
        for kind in KINDS {
            is(
                &used(&world.browser(), kind, token).await,
                400,
                "invalid-token",
                &format!("at {kind:?}"),
            );
        }
    }
    let nonce_as_session = world.browser();
    nonce_as_session.set_cookie("partner.sid", Some(&held[1]));
    is(
        &nonce_as_session.me().await,
        401,
        "not-authenticated",
        "a nonce as a session",
    );
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn a_link_of_another_portal_with_the_same_key_is_none() {
    let (partner, staff) = (world("partner").await, world("staff").await);
    for kind in KINDS {
        let token = kind.mailed(&partner, &partner.browser()).await;
        let before = staff.everything();
        is(
            &used(&staff.browser(), kind, &token).await,
            400,
            "invalid-token",
            &format!("{kind:?}"),
        );
        assert_eq!(staff.everything(), before, "{kind:?}");
        partner.time.pass(mins(1));
    }
}

#[tokio::test]
async fn a_link_works_once() {
    for kind in KINDS {
        let world = world("partner").await;
        let token = kind.mailed(&world, &world.browser()).await;
        assert_eq!(
            used(&world.browser(), kind, &token).await.status,
            200,
            "{kind:?}"
        );
        world.settled().await;
        let before = world.everything();
        is(
            &used(&world.browser(), kind, &token).await,
            410,
            "used-token",
            &format!("{kind:?}"),
        );
        assert_eq!(world.everything(), before, "{kind:?}");
    }
}

#[tokio::test]
async fn a_link_is_over_when_its_time_is() {
    for kind in KINDS {
        let world = world("partner").await;
        let token = kind.mailed(&world, &world.browser()).await;
        world.time.pass(mins(kind.minutes()));
        let before = world.everything();
        is(
            &used(&world.browser(), kind, &token).await,
            410,
            "expired-token",
            &format!("{kind:?}"),
        );
        world.portal.sweep_ttl().unwrap();
        is(
            &used(&world.browser(), kind, &token).await,
            410,
            "expired-token",
            &format!("{kind:?}, swept"),
        );
        assert!(before.contains(kind.owner()) && world.rows("sessions").is_empty());
    }
}

#[tokio::test]
async fn a_link_is_void_once_its_user_is_suspended_or_moved_or_has_another_address() {
    type Void = fn(&World, &str);
    let suspend: Void = |world, email| world.suspend(email);
    let move_epoch: Void = |world, email| world.move_epoch(email);
    // Another address moves the epoch too: that the link's recipient is the user holds without it.
    let readdress: Void = |world, email| {
        world.set_user(
            email,
            "SET address = :a",
            &json!({":a": {"S": "else@example.com"}}),
        );
    };
    for (what, void) in [
        ("suspended", suspend),
        ("epoch moved", move_epoch),
        ("another address", readdress),
    ] {
        for kind in KINDS {
            let world = world("partner").await;
            let token = kind.mailed(&world, &world.browser()).await;
            void(&world, kind.owner());
            let before = world.everything();
            is(
                &used(&world.browser(), kind, &token).await,
                400,
                "invalid-token",
                &format!("{kind:?}, {what}"),
            );
            assert_eq!(world.everything(), before, "{kind:?}, {what}");
        }
    }
}

#[tokio::test]
async fn a_code_stands_only_for_a_sign_in_link() {
    let world = world("partner").await;
    for kind in [Kind::Activation, Kind::Reset] {
        let browser = world.browser();
        let _token = kind.mailed(&world, &browser).await;
        assert_eq!(
            world.mail().await.code(),
            "",
            "{kind:?}: its mail has no code"
        );
        // The code that the link's row would give, had it been mailed.
        let ring =
            shared::keys::KeyRing::parse(&world.portal.key_ring().unwrap(), &name("partner"))
                .unwrap();
        let nonce = browser.cookie("partner.requests").unwrap();
        let link = shared::domain::link::Nonce::parse(&nonce).unwrap().link();
        let code = ring.get("1").unwrap().code(&link).expose();
        let refused = browser.post("/auth/verify", json!({ "code": code })).await;
        is(&refused, 400, "invalid-token", &format!("{kind:?}"));
    }
    assert!(world.rows("sessions").is_empty());
}

fn name(portal: &str) -> shared::domain::portal::PortalName {
    shared::domain::portal::PortalName::parse(portal).unwrap()
}

#[tokio::test]
async fn hostile_bodies_at_the_new_endpoints_are_refused_and_write_nothing() {
    let world = World::with(&[("SelfSignUp", "on")]).await;
    let before = world.everything();
    let long = "x".repeat(20_000);
    let wrong: [Value; 9] = [
        json!({}),
        json!([]),
        json!({"token": 1, "password": PASSWORD, "email": 1, "name": 1}),
        json!({"token": "x", "password": null}),
        json!({"email": "ada@example.com", "password": PASSWORD, "extra": true}),
        json!({"token": "x", "password": PASSWORD, "idempotency_key": "short"}),
        json!({"email": "ada@example.com\r\nBcc: x@evil.example", "password": PASSWORD, "name": "x"}),
        json!({"email": "ada@example.com", "name": "two\nlines"}),
        json!({"email": "ada@example.com", "password": long}),
    ];
    for path in [
        "/auth/sign-in",
        "/auth/activate",
        "/auth/forgot-password",
        "/auth/reset-password",
        "/auth/sign-up",
    ] {
        for body in &wrong {
            let answer = world.browser().post(path, body.clone()).await;
            assert!(
                [400, 413].contains(&answer.status.as_u16()),
                "{path} {body}: {} {}",
                answer.status,
                answer.body
            );
        }
        let elsewhere = world
            .browser()
            .bare(reqwest::Method::POST, path)
            .header("origin", "https://evil.example");
        let elsewhere = elsewhere
            .header("content-type", "application/json")
            .body("{}");
        is(
            &world.browser().send(elsewhere).await,
            403,
            "origin-not-allowed",
            path,
        );
    }
    assert_eq!(world.everything(), before);
}
