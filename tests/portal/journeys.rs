//! What a person does, from asking to signing out.

use serde_json::json;
use tests::{World, mins, owned, secs};

#[tokio::test]
async fn ada_asks_clicks_is_signed_in_and_signs_out() {
    let world = World::start().await;
    let browser = world.browser();

    let asked = browser
        .post("/auth/request-login", json!({"email": "Ada@Example.com"}))
        .await;
    assert_eq!(asked.status, 200);
    let message = "If this email address is registered, we'll send it a sign-in link.";
    assert_eq!(asked.json(), json!({"success": true, "message": message}));

    let mail = world.mail().await;
    assert_eq!(mail.0["to"], "ada@example.com");
    let page = browser.get(&mail.path()).await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("a••@example.com") && page.body.contains("<script>"),
        "{}",
        page.body
    );

    let (token, attempt) = (page.field("token"), page.field("idempotency_key"));
    let posted = browser
        .post_form(
            "/auth/verify",
            &[("token", &token), ("idempotency_key", &attempt)],
        )
        .await;
    assert_eq!(posted.status, 303);
    assert_eq!(
        posted.location(),
        format!("{}/auth/signed-in", world.portal.public_url())
    );

    let me = browser.me().await;
    assert_eq!(me.status, 200, "{}", me.body);
    let me = me.json();
    assert_eq!(
        (&me["email"], &me["name"], &me["role"]),
        (
            &json!("ada@example.com"),
            &json!("Ada Lovelace"),
            &json!("partner")
        )
    );
    assert_eq!(me["resources"].as_array().unwrap().len(), 2);
    for field in ["type", "id", "name", "slug"] {
        assert!(me["resources"][0][field].is_string(), "{field}");
    }
    assert_eq!(me["session"]["created_at"], "2026-11-21T14:00:00Z");
    assert_eq!(me["session"]["expires_at"], "2026-11-22T14:00:00Z");

    let cookie = browser.cookie("partner.sid").unwrap();
    let out = browser.post("/auth/logout", json!({})).await;
    assert_eq!(
        (out.status.as_u16(), out.json()),
        (200, json!({"success": true}))
    );
    assert_eq!(browser.cookie("partner.sid"), None);

    browser.set_cookie("partner.sid", Some(&cookie));
    let me = browser.me().await;
    assert_eq!(
        (me.status.as_u16(), me.problem().as_str()),
        (401, "not-authenticated")
    );
    assert_eq!(me.headers["www-authenticate"], "Bearer");
    assert!(world.rows("sessions").is_empty());
}

#[tokio::test]
async fn the_same_with_forms_alone() {
    let world = World::start().await;
    let browser = world.browser();
    let page = browser.get("/auth/sign-in").await;
    assert!(page.body.contains("action=\"/auth/request-login\""));

    let asked = browser
        .post_form("/auth/request-login", &[("email", "ada@example.com")])
        .await;
    assert_eq!(
        (asked.status.as_u16(), asked.location()),
        (
            303,
            world.portal.public_url().to_owned() + "/auth/check-email"
        )
    );
    assert!(
        browser
            .get("/auth/check-email")
            .await
            .body
            .contains("Check your email")
    );

    let code = world.mail().await.code();
    let posted = browser.post_form("/auth/verify", &[("code", &code)]).await;
    assert_eq!(
        (posted.status.as_u16(), posted.location()),
        (
            303,
            world.portal.public_url().to_owned() + "/auth/signed-in"
        )
    );
    assert!(
        browser
            .get("/auth/signed-in")
            .await
            .body
            .contains("You’re signed in")
    );

    let out = browser.post_form("/auth/logout", &[]).await;
    assert_eq!(
        (out.status.as_u16(), out.location()),
        (303, world.portal.public_url().to_owned() + "/auth/sign-in")
    );
    assert_eq!(browser.get("/auth/signed-in").await.status, 303);
}

#[tokio::test]
async fn a_client_without_cookies_holds_its_session_itself() {
    let world = World::start().await;
    let client = world.browser();
    let asked = client
        .post(
            "/auth/request-login",
            json!({"email": "ada@example.com", "transport": "bearer"}),
        )
        .await;
    assert!(asked.cookies.is_empty());
    let request = asked.json()["request"].as_str().unwrap().to_owned();
    let code = world.mail().await.code();

    let body = json!({"request": request, "code": code, "transport": "bearer"});
    let verified = client.post("/auth/verify", body).await;
    assert_eq!(verified.status, 200, "{}", verified.body);
    assert!(verified.cookies.is_empty());
    assert_eq!(verified.json()["user"]["email"], "ada@example.com");
    let bearer = format!(
        "Bearer {}",
        verified.json()["session"]["token"].as_str().unwrap()
    );

    let authorized = |method, path| client.bare(method, path).header("authorization", &bearer);
    let me = client
        .send(authorized(reqwest::Method::GET, "/auth/me"))
        .await;
    assert_eq!(me.status, 200, "{}", me.body);
    let shouted = client
        .bare(reqwest::Method::GET, "/auth/me")
        .header("authorization", bearer.replace("Bearer", "BEARER"));
    assert_eq!(client.send(shouted).await.status, 200);
    let out = authorized(reqwest::Method::POST, "/auth/logout")
        .header("content-type", "application/json");
    assert_eq!(client.send(out).await.status, 200);
    assert_eq!(
        client
            .send(authorized(reqwest::Method::GET, "/auth/me"))
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn every_journey_ends_the_same_with_the_clock_moved_swept_or_not() {
    for sweep in [false, true] {
        let world = World::start().await;
        let sweep = || {
            if sweep {
                {
                    world.portal.sweep_ttl().unwrap();
                }
            }
        };
        let (early, late) = (world.browser(), world.browser());

        let mail = early.ask("ada@example.com").await;
        world.time.pass(secs(14 * 60 + 59));
        sweep();
        assert_eq!(
            early
                .post("/auth/verify", json!({"token": mail.token()}))
                .await
                .status,
            200
        );

        let mail = late.ask("ada@example.com").await;
        world.time.pass(mins(15));
        sweep();
        let expired = late
            .post("/auth/verify", json!({"token": mail.token()}))
            .await;
        assert_eq!(
            (expired.status.as_u16(), expired.problem().as_str()),
            (410, "expired-token")
        );
        let page = late.get(&mail.path()).await;
        assert!(
            page.location()
                .ends_with("/auth/sign-in?error=invalid_token&reason=expired"),
            "{page:?}"
        );
        let code = late
            .post("/auth/verify", json!({"code": mail.code()}))
            .await;
        assert_eq!(
            (code.status.as_u16(), code.problem().as_str()),
            (400, "invalid-token")
        );

        assert_eq!(early.me().await.status, 200);
        world.time.pass(mins(24 * 60 - 15) - secs(1));
        sweep();
        assert_eq!(early.me().await.status, 200);
        world.time.pass(secs(1));
        sweep();
        let me = early.me().await;
        assert_eq!(
            (me.status.as_u16(), me.problem().as_str()),
            (401, "not-authenticated")
        );
        assert_eq!(early.post("/auth/logout", json!({})).await.status, 200);
    }
}

#[tokio::test]
async fn two_portals_with_one_key_refuse_each_others_links_and_cookies() {
    let ring = format!("{{\"root\": \"{}\", \"keys\": []}}", "k".repeat(64));
    let options = |name: &str| local::Options {
        parameters: owned(&[("Portal", name)]),
        key_ring: Some(ring.clone()),
        ..local::Options::default()
    };
    let (partner, staff) = (
        World::of(options("partner")).await,
        World::of(options("staff")).await,
    );
    let browser = partner.browser();
    let visitor = staff.browser();

    let mail = browser.ask("ada@example.com").await;
    let before = staff.everything();
    let foreign = visitor
        .post("/auth/verify", json!({"token": mail.token()}))
        .await;
    assert_eq!(
        (foreign.status.as_u16(), foreign.problem().as_str()),
        (400, "invalid-token")
    );
    assert_eq!(staff.everything(), before);

    browser
        .post("/auth/verify", json!({"token": mail.token()}))
        .await;
    visitor.sign_in("ada@example.com").await;
    let (ours, theirs) = (
        browser.cookie("partner.sid").unwrap(),
        visitor.cookie("staff.sid").unwrap(),
    );
    visitor.set_cookie("staff.sid", Some(&ours));
    assert_eq!(visitor.me().await.status, 401);
    // Side by side, as on one host, neither is in the other's way.
    visitor.set_cookie("staff.sid", Some(&theirs));
    visitor.set_cookie("partner.sid", Some(&ours));
    assert_eq!(visitor.me().await.status, 200);
}
