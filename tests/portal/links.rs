//! Promises 3, 4 and 5: one link, one session; opening spends nothing; a lost answer is not a lost
//! login.

use reqwest::Method;
use serde_json::json;
use tests::{World, mins, secs};

#[tokio::test]
async fn a_thousand_openings_and_prefetches_change_nothing() {
    let world = World::start().await;
    let (owner, scanner) = (world.browser(), world.browser());
    let mail = owner.ask("ada@example.com").await;
    let before = world.everything();
    world.portal.take_calls();
    for n in 0..1000 {
        let browser = if n % 2 == 0 { &owner } else { &scanner };
        let request = browser.bare(Method::GET, &mail.path());
        let request = if n % 3 == 0 {
            request.header("sec-purpose", "prefetch;prerender")
        } else {
            request
        };
        assert_eq!(browser.send(request).await.status, 200);
    }
    assert_eq!(world.everything(), before);
    assert!(world.portal.take_calls().is_empty());
    assert_eq!(
        owner
            .post("/auth/verify", json!({"token": mail.token()}))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn another_browser_sees_whose_link_it_is_and_only_the_button_signs_in() {
    let world = World::start().await;
    let (owner, phone) = (world.browser(), world.browser());
    let mail = owner.ask("ada@example.com").await;
    let page = phone.get(&mail.path()).await;
    assert!(page.body.contains("a••@example.com") && !page.body.contains("ada@example.com"));
    assert!(page.body.contains("<button") && !page.body.contains("<script"));
    assert_eq!(phone.me().await.status, 401);

    let fields = [
        ("token", page.field("token")),
        ("idempotency_key", page.field("idempotency_key")),
    ];
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(phone.post_form("/auth/verify", &fields).await.status, 303);
    assert_eq!(phone.me().await.status, 200);
}

#[tokio::test]
async fn other_browser_code_wants_the_code_of_the_mail_and_counts_the_tries() {
    let world = World::with(&[("OtherBrowser", "code")]).await;
    let (owner, phone) = (world.browser(), world.browser());
    let mail = owner.ask("ada@example.com").await;
    assert!(phone.get(&mail.path()).await.body.contains("name=\"code\""));

    let token = mail.token();
    for body in [
        json!({"token": token}),
        json!({"token": token, "code": mail.other_code()}),
    ] {
        assert_eq!(
            phone.post("/auth/verify", body).await.problem(),
            "invalid-token"
        );
    }
    let right = json!({"token": token, "code": mail.code()});
    assert_eq!(phone.post("/auth/verify", right.clone()).await.status, 200);

    let mail = world.browser().ask("ada@example.com").await;
    for _ in 0..5 {
        phone
            .post(
                "/auth/verify",
                json!({"token": mail.token(), "code": mail.other_code()}),
            )
            .await;
    }
    let late = json!({"token": mail.token(), "code": mail.code()});
    assert_eq!(
        phone.post("/auth/verify", late).await.problem(),
        "invalid-token"
    );
}

#[tokio::test]
async fn other_browser_code_leaves_the_asking_browser_alone() {
    let world = World::with(&[("OtherBrowser", "code")]).await;
    let owner = world.browser();
    let mail = owner.ask("ada@example.com").await;
    let page = owner.get(&mail.path()).await;
    assert!(page.body.contains("<script>") && !page.body.contains("name=\"code\""));
    assert_eq!(
        owner
            .post("/auth/verify", json!({"token": mail.token()}))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn other_browser_off_signs_in_only_where_it_was_asked() {
    let world = World::with(&[("OtherBrowser", "off")]).await;
    let (owner, phone) = (world.browser(), world.browser());
    let mail = owner.ask("ada@example.com").await;
    let page = phone.get(&mail.path()).await;
    assert!(
        page.body.contains("This link belongs to another browser") && !page.body.contains("<form")
    );
    let body = json!({"token": mail.token(), "code": mail.code()});
    assert_eq!(
        phone.post("/auth/verify", body).await.problem(),
        "invalid-token"
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
async fn the_asking_browser_may_repeat_for_a_minute_and_gets_the_same_session() {
    let world = World::start().await;
    let browser = world.browser();
    let mail = browser.ask("ada@example.com").await;
    let body = json!({"token": mail.token()});
    let first = browser.post("/auth/verify", body.clone()).await;
    let before = world.everything();
    world.time.pass(secs(60));
    let again = browser.post("/auth/verify", body.clone()).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, first.json()));
    assert_eq!(world.everything(), before);
    world.time.pass(secs(1));
    let late = browser.post("/auth/verify", body).await;
    assert_eq!(
        (late.status.as_u16(), late.problem().as_str()),
        (410, "used-token")
    );
}

#[tokio::test]
async fn a_page_may_repeat_its_own_attempt_and_nobody_else_may() {
    let world = World::start().await;
    let (owner, phone, other) = (world.browser(), world.browser(), world.browser());
    let mail = owner.ask("ada@example.com").await;
    let body = json!({"token": mail.token(), "idempotency_key": "the-phones-own-attempt"});
    let first = phone.post("/auth/verify", body.clone()).await;
    let again = phone.post("/auth/verify", body).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, first.json()));
    for body in [
        json!({"token": mail.token()}),
        json!({"token": mail.token(), "idempotency_key": "somebody-elses-attempt"}),
    ] {
        let refused = other.post("/auth/verify", body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.problem().as_str()),
            (410, "used-token")
        );
    }
    assert_eq!(world.rows("sessions").len(), 1);
}

#[tokio::test]
async fn a_repeat_gives_nothing_once_the_session_or_its_user_is_over() {
    let world = World::start().await;
    let browser = world.browser();
    let mail = browser.ask("ada@example.com").await;
    let body = json!({"token": mail.token()});
    browser.post("/auth/verify", body.clone()).await;
    browser.post("/auth/logout", json!({})).await;
    assert_eq!(
        browser.post("/auth/verify", body).await.problem(),
        "used-token"
    );

    let browser = world.browser();
    let mail = browser.ask("ada@example.com").await;
    browser
        .post("/auth/verify", json!({"token": mail.token()}))
        .await;
    world.move_epoch("ada@example.com");
    assert_eq!(
        browser
            .post("/auth/verify", json!({"token": mail.token()}))
            .await
            .problem(),
        "used-token"
    );
}

#[tokio::test]
async fn going_back_to_the_link_leads_to_the_dashboard_however_old_it_is() {
    let world = World::start().await;
    let (browser, other) = (world.browser(), world.browser());
    let mail = browser.ask("ada@example.com").await;
    browser
        .post("/auth/verify", json!({"token": mail.token()}))
        .await;
    for _ in 0..2 {
        let back = browser.get(&mail.path()).await;
        assert_eq!(
            (back.status.as_u16(), back.location()),
            (
                303,
                world.portal.public_url().to_owned() + "/auth/signed-in"
            )
        );
        world.time.pass(mins(60));
    }
    assert!(
        other
            .get(&mail.path())
            .await
            .location()
            .contains("reason=expired")
    );
    // To the moment at which the session is over.
    world.time.pass(mins(22 * 60));
    assert!(
        browser
            .get(&mail.path())
            .await
            .location()
            .contains("reason=expired")
    );
}

#[tokio::test]
async fn a_link_dies_when_its_users_epoch_moves_or_she_is_suspended() {
    let world = World::start().await;
    let browser = world.browser();
    let mail = browser.ask("ada@example.com").await;
    world.move_epoch("ada@example.com");
    let before = world.everything();
    let refused = browser
        .post("/auth/verify", json!({"token": mail.token()}))
        .await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem().as_str()),
        (400, "invalid-token")
    );

    assert_eq!(world.everything(), before);

    let fresh = world.browser();
    let mail = fresh.ask("ada@example.com").await;
    world.suspend("ada@example.com");
    let before = world.everything();
    let refused = fresh
        .post("/auth/verify", json!({"token": mail.token()}))
        .await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem().as_str()),
        (400, "invalid-token")
    );
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn next_is_honoured_in_the_browser_that_asked_and_nowhere_else() {
    let world = World::start().await;
    let (owner, phone) = (world.browser(), world.browser());
    for (browser, expected) in [(&owner, "/reports?month=11"), (&phone, "/auth/signed-in")] {
        world.time.pass(mins(1));
        owner
            .post(
                "/auth/request-login",
                json!({"email": "ada@example.com", "next": "/reports?month=11"}),
            )
            .await;
        let token = world.mail().await.token();
        let posted = browser
            .post_form("/auth/verify", &[("token", &token)])
            .await;
        assert_eq!(
            posted.location(),
            world.portal.public_url().to_owned() + expected
        );
    }
    world.time.pass(mins(1));
    owner
        .post_form(
            "/auth/request-login",
            &[("email", "ada@example.com"), ("next", "/reports")],
        )
        .await;
    let code = world.mail().await.code();
    let posted = owner.post_form("/auth/verify", &[("code", &code)]).await;
    assert_eq!(
        posted.location(),
        world.portal.public_url().to_owned() + "/reports"
    );
}

#[tokio::test]
async fn links_of_an_older_system_say_so() {
    let world = World::start().await;
    for path in [
        "/auth/verify?token=abc&ts=1700000000",
        "/auth/verify",
        &format!("/auth/verify/{}", "0f".repeat(32)),
    ] {
        let page = world.browser().get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(
            page.body
                .contains("This link is no longer supported. Request a new one.")
        );
    }
}
