//! Signing in with a password: promise 1, the throttles and the cap, and what becomes of sessions.

use futures_util::future::join_all;
use local::seam::Fault;
use serde_json::{Value, json};
use tests::{Browser, World, mins};

const RIGHT: &str = "correct horse battery staple";

/// A portal whose hashes cost next to nothing: what they cost is tested elsewhere.
async fn world() -> World {
    World::with(&[("Argon2MemoryKib", "7168"), ("Argon2Passes", "1")]).await
}

/// Sets a password by the mailed link, as its owner does.
async fn set_password(world: &World, email: &str, password: &str) {
    let browser = world.browser();
    let asked = browser.post("/auth/forgot-password", json!({"email": email})).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    let token = world.mail().await.token();
    let set = browser.post("/auth/reset-password", json!({"token": token, "password": password})).await;
    assert_eq!((set.status.as_u16(), set.body.as_str()), (200, r#"{"success":true}"#));
    world.settled().await;
}

async fn sign_in(browser: &Browser<'_>, email: &str, password: &str) -> tests::Answer {
    browser.post("/auth/sign-in", json!({"email": email, "password": password})).await
}

#[tokio::test]
async fn the_right_password_signs_in_and_the_wrong_one_does_not() {
    let world = world().await;
    set_password(&world, "ada@example.com", RIGHT).await;
    let browser = world.browser();
    let wrong = sign_in(&browser, "ada@example.com", "wrong horse battery staple").await;
    assert_eq!((wrong.status.as_u16(), wrong.problem().as_str()), (401, "invalid-credentials"));
    assert_eq!(wrong.headers["www-authenticate"], "Bearer");
    assert!(wrong.cookies.is_empty() && world.rows("sessions").is_empty());

    let right = sign_in(&browser, "Ada@Example.com", RIGHT).await;
    assert_eq!(right.status, 200, "{}", right.body);
    assert_eq!(right.json()["user"]["email"], "ada@example.com");
    assert_eq!(browser.me().await.json()["email"], "ada@example.com");
    assert_eq!(world.rows("sessions")[0]["began"]["S"], "password");
    let logins = world.rows("audit").iter().filter(|row| row["action"]["S"] == "partner.login").count();
    assert_eq!(logins, 1);
}

#[tokio::test]
async fn a_form_leads_on_or_back_with_the_reason() {
    let world = world().await;
    set_password(&world, "ada@example.com", RIGHT).await;
    let browser = world.browser();
    let own = world.portal.public_url().to_owned();
    let wrong = browser.post_form("/auth/sign-in", &[("email", "ada@example.com"), ("password", "x")]).await;
    assert_eq!(wrong.location(), format!("{own}/auth/sign-in?error=invalid_credentials"));
    let fields = [("email", "ada@example.com"), ("password", RIGHT), ("next", "/reports")];
    let right = browser.post_form("/auth/sign-in", &fields).await;
    assert_eq!((right.status.as_u16(), right.location()), (303, format!("{own}/reports")));
    let elsewhere = [("email", "ada@example.com"), ("password", RIGHT), ("next", "https://evil.example")];
    let refused = browser.post_form("/auth/sign-in", &elsewhere).await;
    assert_eq!(refused.location(), format!("{own}/auth/sign-in?error=invalid_request"));
}

#[tokio::test]
async fn a_reset_ends_every_session_and_tells_the_owner() {
    let world = world().await;
    set_password(&world, "ada@example.com", RIGHT).await;
    let (laptop, phone) = (world.browser(), world.browser());
    for browser in [&laptop, &phone] {
        assert_eq!(sign_in(browser, "ada@example.com", RIGHT).await.status, 200);
    }
    world.time.pass(mins(1));
    set_password(&world, "ada@example.com", "another horse battery staple").await;
    for browser in [&laptop, &phone] {
        assert_eq!(browser.me().await.problem(), "not-authenticated");
    }
    assert_eq!(sign_in(&laptop, "ada@example.com", RIGHT).await.problem(), "invalid-credentials");
    assert_eq!(sign_in(&laptop, "ada@example.com", "another horse battery staple").await.status, 200);
    let notices = world.rows("mail").iter().filter(|row| row["kind"]["S"] == "password-changed").count();
    assert_eq!(notices, 2);
}

#[tokio::test]
async fn a_reset_link_works_once_and_a_lost_answer_can_be_asked_for_again() {
    let world = world().await;
    let browser = world.browser();
    browser.post("/auth/forgot-password", json!({"email": "ada@example.com"})).await;
    let token = world.mail().await.token();
    let body = json!({"token": token, "password": RIGHT, "attempt": "an-attempt-of-this-page"});
    assert_eq!(browser.post("/auth/reset-password", body.clone()).await.status, 200);
    world.settled().await;
    let before = world.everything();
    assert_eq!(browser.post("/auth/reset-password", body).await.status, 200);
    let other =
        json!({"token": token, "password": "another horse battery staple", "attempt": "another-attempt-elsewhere"});
    assert_eq!(browser.post("/auth/reset-password", other).await.problem(), "used-token");
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn a_weak_password_is_refused_with_a_reason_and_the_link_stays_good() {
    let world = world().await;
    let browser = world.browser();
    browser.post("/auth/forgot-password", json!({"email": "ada@example.com"})).await;
    let token = world.mail().await.token();
    let before = world.everything();
    for (password, reason) in
        [("shrt", "too-short"), ("ada@example.com", "personal"), ("aaaaaaaaaaaaaaaaaaaa", "repeats")]
    {
        let refused = browser.post("/auth/reset-password", json!({"token": token, "password": password})).await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (422, "weak-password"), "{password}");
        assert_eq!(refused.json()["reason"], reason, "{}", refused.body);
        assert!(!refused.body.contains(password));
    }
    assert_eq!(world.everything(), before);
    let good = browser.post("/auth/reset-password", json!({"token": token, "password": RIGHT})).await;
    assert_eq!(good.status, 200, "{}", good.body);
}

/// Accounts of every kind, and the addresses they have.
async fn accounts(world: &World) -> Vec<(&'static str, String)> {
    let admin = world.browser();
    for email in ["suspended@example.com", "capped@example.com", "active@example.com", "new@example.com"] {
        let body = json!({"email": email, "name": "Somebody", "status": "active"});
        assert_eq!(admin.admin("local", &[], &body).await.status, 201);
    }
    for email in ["suspended@example.com", "capped@example.com", "active@example.com"] {
        set_password(world, email, RIGHT).await;
    }
    world.suspend("suspended@example.com");
    cap(world, "capped@example.com").await;
    let classes = [
        ("unknown", "unknown@example.com"),
        ("invited", "grace@example.com"),
        ("active", "active@example.com"),
        ("suspended", "suspended@example.com"),
        ("without a password", "new@example.com"),
        ("at the cap", "capped@example.com"),
    ];
    classes.map(|(class, email)| (class, email.to_owned())).to_vec()
}

/// Tries wrong passwords until no password is right any more: those that begin a row together count as one.
async fn cap(world: &World, email: &str) {
    for _ in 0..11 {
        let tries = (0..10).map(|_| async { sign_in(&world.browser(), email, "wrong horse battery staple").await });
        assert!(join_all(tries).await.iter().all(|answer| answer.problem() == "invalid-credentials"));
        world.time.pass(mins(15));
    }
}

/// What can be seen of a request from outside, and what it did inside.
async fn seen(world: &World, path: &str, body: Value, function: &str) -> (String, Vec<String>, u64) {
    world.settled().await;
    world.portal.take_calls();
    let hashes = world.portal.hashes();
    let answer = world.browser().post(path, body).await;
    let calls =
        world.portal.take_calls().into_iter().filter(|call| call.function == function && call.service == "dynamodb");
    let mut calls: Vec<_> =
        calls.map(|call| format!("{} {:?} {} {}", call.operation, call.tables, call.capacity, call.status)).collect();
    calls.sort();
    let cookies = answer.cookies.iter().map(|cookie| cookie.len());
    (
        format!("{} {:?} {} {:?}", answer.status, answer.headers, answer.body, cookies.collect::<Vec<_>>()),
        calls,
        world.portal.hashes() - hashes,
    )
}

#[tokio::test]
async fn accounts_of_every_kind_look_the_same_from_outside_and_cost_the_same_inside() {
    let world = world().await;
    let accounts = accounts(&world).await;
    world.time.pass(mins(60));
    let requests = [
        ("/auth/sign-in", "sign-in", json!({"password": "wrong horse battery staple"})),
        ("/auth/forgot-password", "reset", json!({})),
        ("/auth/request-login", "request-login", json!({})),
    ];
    for (path, function, body) in requests {
        let mut all = vec![];
        for (class, email) in &accounts {
            let mut body = body.clone();
            body["email"] = json!(email);
            all.push((*class, seen(&world, path, body, function).await));
        }
        let (_, first) = &all[0];
        for (class, one) in &all {
            assert_eq!(one, first, "{path}: {class}");
        }
        assert_eq!(first.2, u64::from(path == "/auth/sign-in"), "{path} computes a hash for everybody, or for nobody");
    }
    // The right password helps neither the suspended nor the capped.
    for class in ["suspended", "capped"] {
        let email = format!("{class}@example.com");
        let refused = sign_in(&world.browser(), &email, RIGHT).await;
        assert_eq!(refused.problem(), "invalid-credentials", "{class}");
    }
    assert_eq!(sign_in(&world.browser(), "active@example.com", RIGHT).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_guesses_at_once_compute_ten_hashes_and_the_owner_signs_in_by_link() {
    let world = world().await;
    set_password(&world, "ada@example.com", RIGHT).await;
    let hashes = world.portal.hashes();
    let attack = join_all(
        (0..1000).map(|_| async { sign_in(&world.browser(), "ada@example.com", "wrong horse battery staple").await }),
    );
    let owner = world.browser();
    let (answers, signed_in) = tokio::join!(attack, owner.sign_in("ada@example.com"));
    assert_eq!(signed_in.status, 200);
    let count = |kind: &str| answers.iter().filter(|answer| answer.problem() == kind).count();
    assert_eq!((answers.iter().filter(|answer| answer.status == 200).count(), count("too-many-attempts")), (0, 990));
    assert!(world.portal.hashes() - hashes <= 10);
    assert_eq!(owner.me().await.status, 200);
}

#[tokio::test]
async fn the_cap_holds_until_a_mailed_link_is_used() {
    let world = world().await;
    set_password(&world, "ada@example.com", RIGHT).await;
    cap(&world, "ada@example.com").await;
    assert_eq!(sign_in(&world.browser(), "ada@example.com", RIGHT).await.problem(), "invalid-credentials");
    world.time.pass(mins(60));
    let owner = world.browser();
    owner.sign_in("ada@example.com").await;
    assert_eq!(sign_in(&world.browser(), "ada@example.com", RIGHT).await.status, 200);
    // The count begins anew.
    assert_eq!(sign_in(&world.browser(), "ada@example.com", "x").await.problem(), "invalid-credentials");
    assert_eq!(sign_in(&world.browser(), "ada@example.com", RIGHT).await.status, 200);
}

#[tokio::test]
async fn a_wrong_password_that_is_counted_late_takes_nothing_back() {
    let world = world().await;
    set_password(&world, "ada@example.com", RIGHT).await;
    let browser = world.browser();
    let wrong = async || sign_in(&browser, "ada@example.com", "wrong horse battery staple").await.status.as_u16();
    let in_a_row = || {
        let rows = world.rows("throttles");
        let row = rows.iter().find(|row| row["pk"]["S"].as_str().unwrap().starts_with("password-in-a-row#"));
        row.unwrap()["count"]["N"].clone()
    };
    // The first of a row, and one more of it: each is told "later", and counted when others have been.
    for counted in ["2", "3"] {
        world.portal.set_fault(|attempt| {
            let in_a_row = attempt.body.to_string().contains("password-in-a-row#");
            if attempt.operation == "UpdateItem" && in_a_row { Fault::Late } else { Fault::None }
        });
        assert_eq!(wrong().await, 503);
        world.portal.set_fault(|_| Fault::None);
        assert_eq!((wrong().await, wrong().await, in_a_row()), (401, 401, json!(counted)));
        assert_eq!(sign_in(&browser, "ada@example.com", RIGHT).await.status, 200);
        assert_eq!((wrong().await, in_a_row()), (401, json!("1")));
        world.portal.let_arrive();
        assert_eq!(in_a_row(), json!("1"));
    }
}

#[tokio::test]
async fn one_network_may_be_wrong_a_hundred_times_an_hour() {
    let world =
        World::with(&[("Argon2MemoryKib", "7168"), ("Argon2Passes", "1"), ("PasswordPerNetworkHour", "3")]).await;
    let office = world.browser();
    for n in 0..3 {
        let wrong = sign_in(&office, &format!("colleague{n}@example.com"), "wrong").await;
        assert_eq!(wrong.problem(), "invalid-credentials");
    }
    let refused = sign_in(&office, "colleague9@example.com", "wrong").await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (429, "too-many-attempts"));
    assert_eq!(refused.headers["retry-after"], "3600");
}

#[tokio::test]
async fn signing_in_while_signed_in_takes_the_old_sessions_place() {
    let world = world().await;
    set_password(&world, "ada@example.com", RIGHT).await;
    let browser = world.browser();
    sign_in(&browser, "ada@example.com", RIGHT).await;
    let old = browser.cookie("partner.sid").unwrap();
    sign_in(&browser, "ada@example.com", RIGHT).await;
    assert_eq!(browser.me().await.status, 200);
    assert_eq!(world.rows("sessions").len(), 1);
    let thief = world.browser();
    thief.set_cookie("partner.sid", Some(&old));
    assert_eq!(thief.me().await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_session_of_the_old_password_outlives_a_reset_that_races_it() {
    let world = World::with(&[
        ("Argon2MemoryKib", "7168"),
        ("Argon2Passes", "1"),
        ("PasswordAttempts", "1000"),
        ("AskPerMinute", "60"),
        ("AskPerHour", "1000"),
        ("MailPerHour", "1000"),
        ("MailPerDay", "10000"),
    ])
    .await;
    set_password(&world, "ada@example.com", RIGHT).await;
    let mut password = RIGHT.to_owned();
    for round in 0..10 {
        let next = format!("round {round} of the horse race");
        let owner = world.browser();
        owner.post("/auth/forgot-password", json!({"email": "ada@example.com"})).await;
        let token = world.mail().await.token();
        let racers: Vec<_> = (0..5).map(|_| world.browser()).collect();
        let race = join_all(racers.iter().map(|racer| sign_in(racer, "ada@example.com", &password)));
        let reset = owner.post("/auth/reset-password", json!({"token": token, "password": next}));
        let (_, reset) = tokio::join!(race, reset);
        assert_eq!(reset.status, 200, "{}", reset.body);
        for racer in &racers {
            assert_eq!(racer.me().await.status, 401);
        }
        world.settled().await;
        password = next;
    }
}

#[tokio::test]
async fn an_old_hash_signs_in_while_its_costs_are_known_and_is_renewed() {
    let cheap = [("Argon2MemoryKib", "7168"), ("Argon2Passes", "2"), ("PreviousArgon2", "m=7168,t=1,p=1")];
    let (before, world) = (world().await, World::with(&cheap).await);
    set_password(&before, "ada@example.com", RIGHT).await;
    let hash = |world: &World| {
        let rows = world.rows("users");
        rows.iter().find_map(|row| row["password"]["S"].as_str().map(str::to_owned)).unwrap()
    };
    let old = hash(&before);
    assert!(old.contains("$m=7168,t=1,p=1$"));
    world.set_user("ada@example.com", "SET password = :p", &json!({":p": {"S": old}}));
    let hashes = world.portal.hashes();
    assert_eq!(sign_in(&world.browser(), "ada@example.com", "wrong").await.status, 401);
    assert_eq!(world.portal.hashes() - hashes, 2, "one at each cost, for every account");
    assert_eq!(sign_in(&world.browser(), "unknown@example.com", "wrong").await.status, 401);
    assert_eq!(world.portal.hashes() - hashes, 4);
    assert_eq!(sign_in(&world.browser(), "ada@example.com", RIGHT).await.status, 200);
    assert!(hash(&world).contains("$m=7168,t=2,p=1$"));
    assert_eq!(sign_in(&world.browser(), "ada@example.com", RIGHT).await.status, 200);
}

#[tokio::test]
async fn without_passwords_their_endpoints_are_not_there() {
    let world = World::with(&[("Activation", "link")]).await;
    let browser = world.browser();
    for path in ["/auth/sign-in", "/auth/activate", "/auth/forgot-password", "/auth/reset-password", "/auth/sign-up"] {
        let absent = browser.post(path, json!({})).await;
        assert_eq!((absent.status.as_u16(), absent.problem().as_str()), (404, "not-found"), "{path}");
    }
}

#[tokio::test]
async fn an_invited_user_sets_her_first_password_and_is_signed_in() {
    let world = world().await;
    let browser = world.browser();
    let mail = browser.ask("grace@example.com").await;
    assert!(mail.path().starts_with("/auth/activate/"), "{}", mail.path());
    let body = json!({"token": mail.token(), "password": RIGHT, "attempt": "an-attempt-of-this-page"});
    let activated = browser.post("/auth/activate", body.clone()).await;
    assert_eq!(activated.status, 200, "{}", activated.body);
    assert_eq!(browser.me().await.json()["email"], "grace@example.com");
    // A lost answer is not a lost login, and the link works once.
    assert_eq!(browser.post("/auth/activate", body).await.status, 200);
    let elsewhere = json!({"token": mail.token(), "password": RIGHT});
    assert_eq!(world.browser().post("/auth/activate", elsewhere).await.problem(), "used-token");
    assert_eq!(world.rows("sessions").len(), 1);
    let again = world.browser();
    assert_eq!(sign_in(&again, "grace@example.com", RIGHT).await.status, 200);
}

#[tokio::test]
async fn whoever_signs_up_becomes_a_user_by_the_link_in_her_mail() {
    let world = World::with(&[
        ("SelfSignUp", "on"),
        ("Argon2MemoryKib", "7168"),
        ("Argon2Passes", "1"),
        ("SignUpsPerDay", "2"),
    ])
    .await;
    let browser = world.browser();
    let asked = browser.post("/auth/sign-up", json!({"email": "eve@example.com", "name": "<b>Eve</b>"})).await;
    let known = world.browser().post("/auth/sign-up", json!({"email": "ada@example.com", "name": "Ada"})).await;
    assert_eq!((asked.status, &asked.body), (known.status, &known.body));
    let mails = world.mails().await;
    let mail = mails.iter().find(|mail| mail["to"] == "eve@example.com").unwrap();
    assert!(!mail.to_string().contains("Eve"), "nothing a stranger typed is in a mail");
    let token = mail["links"][0].as_str().unwrap().rsplit('/').next().unwrap();
    let activated = browser.post("/auth/activate", json!({"token": token, "password": RIGHT})).await;
    assert_eq!(activated.status, 200, "{}", activated.body);
    assert_eq!(browser.me().await.json()["name"], "<b>Eve</b>");
    // A tag makes no other mailbox.
    let tagged = |n: u32| json!({"email": format!("mallory+{n}@example.com"), "name": "Mallory"});
    let mut statuses = vec![];
    for n in 0..3 {
        statuses.push(world.browser().post("/auth/sign-up", tagged(n)).await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 429]);
}

#[tokio::test]
async fn a_user_sees_her_sessions_and_ends_them() {
    let world = world().await;
    let (laptop, phone, tablet) = (world.browser(), world.browser(), world.browser());
    for browser in [&laptop, &phone, &tablet] {
        browser.sign_in("ada@example.com").await;
        world.time.pass(mins(1));
    }
    let list = laptop.get("/auth/sessions").await;
    assert_eq!(list.status, 200, "{}", list.body);
    let list = list.json();
    let sessions = list.as_array().unwrap();
    assert_eq!(sessions.iter().map(|one| one["current"] == true).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!((&sessions[0]["client"], &sessions[0]["began"]), (&json!("Firefox on Windows"), &json!("link")));

    let end = |browser: &Browser<'_>, path: String| browser.request(reqwest::Method::DELETE, &path);
    let phones = format!("/auth/sessions/{}", sessions[1]["id"].as_str().unwrap());
    let ended = laptop.send(end(&laptop, phones.clone()).header("content-type", "application/json")).await;
    assert_eq!((ended.status.as_u16(), ended.body.as_str()), (204, ""));
    assert_eq!((phone.me().await.status.as_u16(), tablet.me().await.status.as_u16()), (401, 200));
    let again = laptop.send(end(&laptop, phones)).await;
    assert_eq!((again.status.as_u16(), again.problem().as_str()), (404, "not-found"));

    let others = laptop.send(end(&laptop, "/auth/sessions".to_owned())).await;
    assert_eq!(others.status, 204);
    assert_eq!((laptop.me().await.status.as_u16(), tablet.me().await.status.as_u16()), (200, 401));
    assert_eq!(laptop.get("/auth/sessions").await.json().as_array().unwrap().len(), 1);
}
