//! Promise 6: logout is immediate, and so is everything else that ends a session.

use serde_json::json;
use shared::domain::ids::UserId;
use shared::domain::session::SessionId;
use shared::keys::SessionClaims;
use tests::{Browser, World, mins, secs};

#[tokio::test]
async fn a_suspended_user_loses_the_session_on_the_next_request() {
    let world = World::start().await;
    let browser = world.browser();
    browser.sign_in("ada@example.com").await;
    assert_eq!(browser.me().await.status, 200);
    world.suspend("ada@example.com");
    assert_eq!(browser.me().await.problem(), "not-authenticated");
}

#[tokio::test]
async fn the_status_alone_ends_links_codes_and_sessions() {
    // Nobody is invited again who was active; but links outlive a portal that did without
    // passwords.
    for status in ["suspended", "invited"] {
        let world = World::start().await;
        let (signed_in, asking) = (world.browser(), world.browser());
        signed_in.sign_in("ada@example.com").await;
        let mail = asking.ask("ada@example.com").await;
        world.set_user(
            "ada@example.com",
            "SET #status = :s",
            &json!({":s": {"S": status}}),
        );
        let before = world.everything();
        assert_eq!(
            signed_in.me().await.problem(),
            "not-authenticated",
            "{status}"
        );
        let by_link = asking
            .post("/auth/verify", json!({"token": mail.token()}))
            .await;
        assert_eq!(by_link.problem(), "invalid-token", "{status}");
        assert_eq!(world.everything(), before);
        let by_code = asking
            .post("/auth/verify", json!({"code": mail.code()}))
            .await;
        assert_eq!(by_code.problem(), "invalid-token", "{status}");
        assert_eq!(world.rows("sessions").len(), 1);
    }
}

#[tokio::test]
async fn a_moved_epoch_ends_every_session_at_once() {
    let world = World::start().await;
    let browsers = [world.browser(), world.browser()];
    for browser in &browsers {
        browser.sign_in("ada@example.com").await;
    }
    world.move_epoch("ada@example.com");
    for browser in &browsers {
        assert_eq!(browser.me().await.problem(), "not-authenticated");
    }
}

#[tokio::test]
async fn logout_ends_this_session_only_and_is_written_down() {
    let world = World::start().await;
    let (here, there) = (world.browser(), world.browser());
    here.sign_in("ada@example.com").await;
    there.sign_in("ada@example.com").await;
    here.post("/auth/logout", json!({})).await;
    assert_eq!(
        (
            here.me().await.status.as_u16(),
            there.me().await.status.as_u16()
        ),
        (401, 200)
    );

    let actions: Vec<_> = world
        .rows("audit")
        .into_iter()
        .map(|row| row["action"]["S"].as_str().unwrap().to_owned())
        .collect();
    let count = |action: &str| actions.iter().filter(|one| *one == action).count();
    assert_eq!(
        (
            count("partner.login.requested"),
            count("partner.login"),
            count("partner.logout")
        ),
        (2, 2, 1)
    );
    for row in world
        .rows("audit")
        .into_iter()
        .filter(|row| row["action"]["S"] != "local.added")
    {
        let text = |name: &str| row[name]["S"].as_str().unwrap_or_default().to_owned();
        assert!(
            text("ip").starts_with("198.18.") && text("user_agent").contains("Firefox"),
            "{row}"
        );
        let kind = if text("action") == "partner.login.requested" {
            "emails"
        } else {
            "session"
        };
        assert_eq!(
            (text("resource_type"), text("severity")),
            (kind.to_owned(), "info".to_owned())
        );
        assert!(!text("resource_id").is_empty() && text("pk").starts_with("usr_"));
        let began = row["metadata"]["M"]["auth_method"]["S"].as_str();
        assert_eq!(began, (text("action") == "partner.login").then_some("link"));
    }
}

#[tokio::test]
async fn logging_out_twice_or_without_a_session_clears_the_cookie_and_writes_nothing() {
    let world = World::start().await;
    let browser = world.browser();
    browser.sign_in("ada@example.com").await;
    let cookie = browser.cookie("partner.sid").unwrap();
    browser.post("/auth/logout", json!({})).await;
    let before = world.everything();
    for value in [Some(cookie.as_str()), Some("garbage"), None] {
        browser.set_cookie("partner.sid", value);
        let out = browser.post("/auth/logout", json!({})).await;
        assert_eq!(
            (out.status.as_u16(), out.json()),
            (200, json!({"success": true}))
        );
        assert_eq!(
            out.cookies,
            ["partner.sid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"]
        );
    }
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn last_seen_is_renewed_every_five_minutes() {
    let world = World::start().await;
    let browser = world.browser();
    browser.sign_in("ada@example.com").await;
    let seen = || {
        world.rows("sessions")[0]["last_seen_at"]["N"]
            .as_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    let began = seen();
    world.time.pass(mins(5) - secs(1));
    browser.me().await;
    assert_eq!(seen(), began);
    world.time.pass(secs(1));
    assert!(browser.me().await.cookies.is_empty());
    assert_eq!(seen(), began + 300_000);
}

#[tokio::test]
async fn a_session_that_ends_while_it_is_looked_at_stays_ended() {
    let world = World::start().await;
    let browser = world.browser();
    browser.sign_in("ada@example.com").await;
    world.time.pass(mins(5));
    // Between the look and the last-seen write, the session is ended elsewhere.
    let (database, row) = (
        world.portal.database().clone(),
        world.rows("sessions").remove(0),
    );
    world.portal.set_fault(move |attempt| {
        if attempt.operation == "UpdateItem" {
            let key = json!({"pk": row["pk"], "sk": row["sk"]});
            let delete =
                json!({"TableName": format!("{}-sessions", local::template::STACK), "Key": key});
            database
                .delete_item(serde_json::from_value(delete).unwrap())
                .unwrap();
        }
        local::aws_stub::Fault::None
    });
    assert_eq!(browser.me().await.problem(), "not-authenticated");
    assert!(world.rows("sessions").is_empty());
}

#[tokio::test]
async fn a_session_whose_time_is_over_is_not_logged_out_but_gone() {
    let world = World::start().await;
    let browser = world.browser();
    browser.sign_in("ada@example.com").await;
    world.time.pass(mins(24 * 60));
    let before = world.everything();
    assert_eq!(browser.post("/auth/logout", json!({})).await.status, 200);
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn a_session_of_years_outlives_the_400_days_of_its_cookie() {
    let world = World::with(&[("SessionHours", "87600")]).await;
    let browser = world.browser();
    let signed_in = browser.sign_in("ada@example.com").await;
    assert!(
        signed_in.cookies[0].contains("Max-Age=34560000;"),
        "{:?}",
        signed_in.cookies
    );
    world.time.pass(mins(4));
    assert!(browser.me().await.cookies.is_empty());
    world.time.pass(mins(60 * 24 * 300));
    let me = browser.me().await;
    assert_eq!(me.status, 200);
    assert!(
        me.cookies[0].contains("Max-Age=34560000;"),
        "{:?}",
        me.cookies
    );
    world.time.pass(mins(60 * 24 * 3349));
    assert!(
        browser.me().await.cookies[0].contains("Max-Age=86"),
        "the last day"
    );
}

#[tokio::test]
async fn a_cookie_that_lasts_as_long_as_its_session_and_a_bearer_token_are_not_renewed() {
    for (hours, cookies) in [("9600", 0), ("9601", 1)] {
        let world = World::with(&[("SessionHours", hours)]).await;
        let (browser, client) = (world.browser(), world.browser());
        browser.sign_in("ada@example.com").await;
        world.time.pass(mins(5));
        let bearer = format!("Bearer {}", browser.cookie("partner.sid").unwrap());
        let me = client
            .send(
                client
                    .bare(reqwest::Method::GET, "/auth/me")
                    .header("authorization", bearer),
            )
            .await;
        assert_eq!((me.status.as_u16(), me.cookies.len()), (200, 0), "{hours}");
        world.time.pass(mins(5));
        let me = browser.me().await;
        assert_eq!(
            (me.status.as_u16(), me.cookies.len()),
            (200, cookies),
            "{hours}"
        );
    }
}

#[tokio::test]
async fn cookies_are_bound_to_their_host_on_a_real_portal() {
    let options = local::Options {
        public_url: Some("https://login.example.com".into()),
        ..local::Options::default()
    };
    let world = World::of(options).await;
    let browser = world.browser();
    let answer = browser.sign_in("ada@example.com").await;
    assert!(
        answer.cookies[0].starts_with("__Host-partner.sid="),
        "{:?}",
        answer.cookies
    );
    assert!(answer.cookies[0].ends_with("; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure"));
    assert!(browser.cookie("__Host-partner.requests").is_some());
    assert_eq!(browser.me().await.status, 200);
}

#[tokio::test]
async fn a_user_sees_her_sessions_and_ends_them() {
    let world = World::with_cheap_hashes(&[]).await;
    let (laptop, phone, tablet) = (world.browser(), world.browser(), world.browser());
    for browser in [&laptop, &phone, &tablet] {
        browser.sign_in("ada@example.com").await;
        world.time.pass(mins(1));
    }
    let list = laptop.get("/auth/sessions").await;
    assert_eq!(list.status, 200, "{}", list.body);
    let list = list.json();
    let sessions = list.as_array().unwrap();
    assert_eq!(
        sessions
            .iter()
            .map(|one| one["current"] == true)
            .collect::<Vec<_>>(),
        [false, false, true]
    );
    assert_eq!(
        (&sessions[0]["client"], &sessions[0]["auth_method"]),
        (&json!("Firefox on Windows"), &json!("link"))
    );

    let end = |browser: &Browser<'_>, path: String| browser.request(reqwest::Method::DELETE, &path);
    let phones = format!("/auth/sessions/{}", sessions[1]["id"].as_str().unwrap());
    let ended = laptop
        .send(end(&laptop, phones.clone()).header("content-type", "application/json"))
        .await;
    assert_eq!((ended.status.as_u16(), ended.body.as_str()), (204, ""));
    assert_eq!(
        (
            phone.me().await.status.as_u16(),
            tablet.me().await.status.as_u16()
        ),
        (401, 200)
    );
    let again = laptop.send(end(&laptop, phones)).await;
    assert_eq!(
        (again.status.as_u16(), again.problem().as_str()),
        (404, "not-found")
    );

    let others = laptop.send(end(&laptop, "/auth/sessions".to_owned())).await;
    assert_eq!(others.status, 204);
    assert_eq!(
        (
            laptop.me().await.status.as_u16(),
            tablet.me().await.status.as_u16()
        ),
        (200, 401)
    );
    assert_eq!(
        laptop
            .get("/auth/sessions")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// A thousand more sessions like the one that this user has, and their tokens.
pub(crate) fn a_thousand_more(world: &World, email: &str) -> Vec<String> {
    let user = world.id_of(email);
    let row = world
        .rows("sessions")
        .into_iter()
        .find(|row| row["pk"]["S"] == json!(user))
        .unwrap();
    let (ring, now) = (proofs::stage::ring(world).unwrap(), world.time.now());
    let one = |n: u16| {
        let mut id = [0; 32];
        id[..2].copy_from_slice(&n.to_be_bytes());
        let claims = SessionClaims {
            id: SessionId::new(id),
            user: UserId::parse(&user).unwrap(),
            expires_at: now.plus(mins(24 * 60)),
        };
        let mut row = row.clone();
        row["sk"]["S"] = json!(claims.id.hash().to_string());
        let put = json!({"TableName": format!("{}-sessions", local::template::STACK), "Item": row});
        world
            .portal
            .database()
            .put_item(serde_json::from_value(put).unwrap())
            .unwrap();
        ring.sign_session(ring.signing_key(now).unwrap(), &claims)
    };
    (0..1000).map(one).collect()
}

/// How many of these tokens sign somebody in.
pub(crate) async fn living(world: &World, tokens: &[String]) -> usize {
    let browser = world.browser();
    let mut living = 0;
    for token in tokens {
        browser.set_cookie("partner.sid", Some(token));
        living += usize::from(browser.me().await.status == 200);
    }
    living
}

#[tokio::test]
async fn all_but_this_one_of_a_thousand_sessions_end_with_one_write() {
    let world = World::start().await;
    let this = world.browser();
    this.sign_in("ada@example.com").await;
    let others = a_thousand_more(&world, "ada@example.com");
    assert_eq!(living(&world, &others[..10]).await, 10);
    world.portal.take_calls();
    assert_eq!(
        this.send(this.request(reqwest::Method::DELETE, "/auth/sessions"))
            .await
            .status,
        204
    );
    let calls = world.portal.take_calls();
    let writes: Vec<_> = calls
        .iter()
        .filter(|call| call.operation != "BatchGetItem")
        .map(|call| &call.tables)
        .collect();
    assert_eq!(writes, [&["audit", "sessions", "users"]]);
    assert_eq!(
        (
            living(&world, &others).await,
            this.me().await.status.as_u16()
        ),
        (0, 200)
    );
}
