//! `GET /auth/report/{token}` and `POST /auth/report`: "This wasn't me".

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use kit::routes::{FORGOT_PASSWORD, REPORT, SIGN_IN};
use kit::{
    ADA, ALL_NOTICES, CHEAP_HASHES, Email, PASSWORD, World, cancelled, hours, mins, parameters,
};
use local::Options;
use local::aws_stub::Fault;
use serde_json::json;

const NEW_ADDRESS: &str = "ada@elsewhere.example";
const SEVEN_DAYS: u64 = 7 * 24;

/// Starts a portal that sends all notices, where Ada has a password.
async fn world(pairs: &[(&str, &str)]) -> World {
    let world = World::with(&[&CHEAP_HASHES, &[ALL_NOTICES][..], pairs].concat()).await;
    world.set_password(ADA, PASSWORD).await;
    world.client().sign_in(ADA, PASSWORD).await.assert("200");
    world.clock.advance(mins(1));
    world
}

/// Signs in from a new browser, and returns the notice.
async fn notice(world: &World) -> Email {
    world.client().sign_in(ADA, PASSWORD).await.assert("200");
    let email = world.latest_email().await;
    assert_eq!(email.subject, "New sign-in to Partner");
    email
}

#[tokio::test]
async fn a_report_ends_every_session_and_link_also_those_of_later() {
    let world = world(&[]).await;
    let [ada, thief, phone] = [(); 3].map(|()| world.client());
    ada.sign_in(ADA, PASSWORD).await.assert("200");
    thief.sign_in(ADA, PASSWORD).await.assert("200");
    let token = world.latest_email().await.token();
    phone.sign_in(ADA, PASSWORD).await.assert("200");
    let login = world.client();
    let link = login.receive_login_email(ADA).await;
    world.client().forgot_password(ADA).await.assert("200");
    let reset = world.latest_email().await.token();
    let anybody = world.client();
    let reported = anybody.report(&token).await.assert("200");
    assert_eq!(reported.body, r#"{"success":true}"#);
    assert!(reported.cookies.is_empty());
    for client in [&ada, &thief, &phone] {
        client.me().await.assert("401 not-authenticated");
    }
    login
        .verify_link(&link.token())
        .await
        .assert("400 invalid-token");
    login
        .verify_code(&link.code)
        .await
        .assert("400 invalid-token");
    let reset = login.reset_password(&reset, "another horse battery staple");
    reset.await.assert("400 invalid-token");
    anybody.me().await.assert("401 not-authenticated");

    let id = world.user_id(ADA);
    let records = world.audit("partner.reported");
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!(record["severity"]["S"], "warning");
    assert_eq!(record["resource_id"]["S"].as_str(), Some(&*id));
    assert_eq!(record["metadata"]["M"]["notice"]["S"], "new-browser");
    let user = world.client().get_user(&id).await.json();
    let sessions = user["sessions"].as_array().unwrap();
    let ends: Vec<_> = sessions.iter().map(|session| &session["how"]).collect();
    assert_eq!(ends, vec!["reported"; sessions.len()]);
    // The user can sign in again.
    ada.sign_in(ADA, PASSWORD).await.assert("200");
}

#[tokio::test]
async fn every_notice_can_be_reported_and_the_audit_says_which() {
    let world = world(&[]).await;
    let admin = world.client();
    let id = world.user_id(ADA);
    let mut tokens = vec![("new-browser", notice(&world).await.token())];
    let client = world.client();
    client.sign_in(ADA, PASSWORD).await.assert("200");
    let changed = client.change_password(PASSWORD, "another horse battery staple");
    changed.await.assert("200");
    tokens.push(("password-changed", world.latest_email().await.token()));
    admin.revoke_user_sessions(&id).await.assert("204");
    tokens.push(("sessions-ended", world.latest_email().await.token()));
    let changed = admin.update_user(&id).with("email", NEW_ADDRESS).await;
    changed.assert("200");
    let emails = world.emails().await;
    for email in &emails[emails.len() - 2..] {
        assert_eq!(email.subject, "Your Partner email address was changed");
        tokens.push(("address-changed", email.token()));
    }
    for (n, (kind, token)) in tokens.iter().enumerate() {
        world.client().report(token).await.assert("200");
        let mut records = world.audit("partner.reported");
        records.sort_by_key(|record| record["sk"]["S"].as_str().map(str::to_owned));
        let newest = records
            .iter()
            .filter(|r| r["metadata"]["M"]["notice"]["S"] == *kind);
        assert!(newest.count() >= 1 && records.len() == n + 1, "{kind}");
        world.clock.advance(mins(1));
    }
}

#[tokio::test]
async fn a_report_works_once_and_for_seven_days() {
    let world = world(&[]).await;
    let [first, second] = [notice(&world).await, notice(&world).await];
    world.client().report(&first.token()).await.assert("200");
    let before = world.snapshot();
    for _ in 0..2 {
        let again = world.client().report(&first.token()).await;
        again.assert("410 used-token");
    }
    assert_eq!(world.snapshot(), before);
    world.clock.advance(hours(SEVEN_DAYS) - mins(1));
    world.client().report(&second.token()).await.assert("200");
    let third = notice(&world).await;
    world.clock.advance(hours(SEVEN_DAYS));
    let before = world.snapshot();
    let late = world.client().report(&third.token()).await;
    late.assert("410 expired-token");
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn forged_tokens_and_those_of_other_purposes_report_nothing() {
    let world = world(&[]).await;
    let genuine = notice(&world).await.token();
    let client = world.client();
    let login = client.receive_login_email(ADA).await.token();
    client.forgot_password(ADA).await.assert("200");
    let reset = world.latest_email().await.token();
    client.sign_in(ADA, PASSWORD).await.assert("200");
    let session = client.session().unwrap();
    world.settle().await;
    let parts: Vec<_> = genuine.split('.').collect();
    let [head, claims, signature] = parts[..] else {
        unreachable!("a token has three parts")
    };
    let none =
        URL_SAFE_NO_PAD.encode(json!({"alg": "none", "typ": "report+jwt", "kid": "1"}).to_string());
    let before = world.snapshot();
    for forged in [
        login.as_str(),
        &reset,
        &session,
        "",
        "x",
        &"x".repeat(4097),
        &format!("{head}.{claims}."),
        &format!("{none}.{claims}."),
        &format!("{none}.{claims}.{signature}"),
        &format!("{head}.{signature}.{claims}"),
        &genuine[..genuine.len() - 1],
    ] {
        let refused = world.client().report(forged).await;
        refused.assert("400 invalid-token");
        let form = world.client().report(forged).form().await;
        assert!(
            form.location().ends_with("?error=invalid-token"),
            "{forged}"
        );
    }
    // Nor does the link of a notice do anything else.
    let other = world.client();
    other
        .verify_link(&genuine)
        .await
        .assert("400 invalid-token");
    other
        .activate(&genuine, PASSWORD)
        .await
        .assert("400 invalid-token");
    other
        .reset_password(&genuine, PASSWORD)
        .await
        .assert("400 invalid-token");
    other.logout().with("token", genuine.as_str()).await;
    let me = other.me().bearer_token(&genuine).await;
    me.assert("401 not-authenticated");
    world.settle().await;
    assert_eq!(world.snapshot(), before);
    client.me().await.assert("200");
}

#[tokio::test]
async fn it_works_under_a_later_epoch_and_for_a_former_address_and_a_suspended_user() {
    let world = world(&[]).await;
    let admin = world.client();
    let id = world.user_id(ADA);
    let [one, two, three] = [
        notice(&world).await.token(),
        notice(&world).await.token(),
        notice(&world).await.token(),
    ];
    world.revoke_sessions(ADA).await;
    let client = world.client();
    client.sign_in(ADA, PASSWORD).await.assert("200");
    world.client().report(&one).await.assert("200");
    client.me().await.assert("401 not-authenticated");

    let changed = admin.update_user(&id).with("email", NEW_ADDRESS).await;
    changed.assert("200");
    client.sign_in(NEW_ADDRESS, PASSWORD).await.assert("200");
    let page = world.client().open(&format!("{REPORT}/{two}")).await;
    page.assert("200")
        .assert_lacks(ADA)
        .assert_lacks(NEW_ADDRESS)
        .assert_lacks("Lovelace");
    world.client().report(&two).await.assert("200");
    client.me().await.assert("401 not-authenticated");

    world.suspend(NEW_ADDRESS).await;
    let epoch = |world: &World| world.user_row(NEW_ADDRESS)["epoch"]["N"].clone();
    let before = epoch(&world);
    world.client().report(&three).await.assert("200");
    assert_ne!(epoch(&world), before);
    assert_eq!(world.user_row(NEW_ADDRESS)["status"]["S"], "suspended");
}

#[tokio::test]
async fn the_notice_of_an_erased_user_is_an_invalid_link() {
    let world = world(&[]).await;
    let token = notice(&world).await.token();
    let id = world.user_id(ADA);
    world.client().erase_user(&id).await.assert("204");
    let before = world.snapshot();
    let refused = world.client().report(&token).await;
    refused.assert("400 invalid-token");
    assert_eq!(world.snapshot(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_presses_at_once_one_reports_while_the_epoch_moves() {
    let world = world(&[]).await;
    let token = notice(&world).await.token();
    let id = world.user_id(ADA);
    let admin = world.client();
    let clients: Vec<_> = (0..8).map(|_| world.client()).collect();
    let presses = join_all(
        clients
            .iter()
            .map(|client| client.report(&token).into_future()),
    );
    let (presses, revoked) = tokio::join!(presses, admin.revoke_user_sessions(&id).into_future());
    revoked.assert("204");
    let reported = presses.iter().filter(|press| press.outcome() == "200");
    assert_eq!(reported.count(), 1);
    for press in &presses {
        let outcome = press.outcome();
        assert!(["200", "410 used-token"].contains(&&*outcome), "{outcome}");
    }
    assert_eq!(world.audit("partner.reported").len(), 1);
}

#[tokio::test]
async fn a_conflict_is_retried_with_fresh_reads_and_a_lost_response_is_not_a_second_report() {
    let options = Options {
        parameters: parameters(&[&CHEAP_HASHES, &[ALL_NOTICES][..]].concat()),
        ..Options::default()
    };
    let world = World::in_process(options).await;
    world.set_password(ADA, PASSWORD).await;
    world.client().sign_in(ADA, PASSWORD).await.assert("200");
    let [one, two] = [notice(&world).await.token(), notice(&world).await.token()];
    let conflict = Fault::Reply(400, cancelled("TransactionConflict"));
    world.inject(conflict, |call| {
        call.function == "report" && call.operation == "TransactWriteItems" && call.number < 9
    });
    world.client().report(&one).await.assert("200");
    world.inject(Fault::LoseAnswer, |call| {
        call.function == "report" && call.operation == "TransactWriteItems" && call.number == 1
    });
    world.client().report(&two).await.assert("200");
    world.clear_fault();
    assert_eq!(world.audit("partner.reported").len(), 2);
}

#[tokio::test]
async fn opening_the_page_changes_nothing_and_its_form_reports() {
    for (activation, next) in [("password", FORGOT_PASSWORD), ("link", SIGN_IN)] {
        let world = World::with(&[ALL_NOTICES, ("Activation", activation)]).await;
        for _ in 0..2 {
            world.client().sign_in_by_link(ADA).await;
            world.clock.advance(mins(1));
        }
        let email = world.latest_email().await;
        let client = world.client();
        let before = world.snapshot();
        world.portal.take_calls();
        for _ in 0..2 {
            let page = client.open(email.path()).await;
            page.assert("200")
                .assert_contains("End all sessions")
                .assert_lacks("data-auto");
        }
        let calls = world.portal.take_calls();
        assert!(calls.iter().all(|call| call.service != "dynamodb"));
        assert_eq!(world.snapshot(), before);
        let page = client.open(email.path()).await;
        let form = client.report(&page.field("token")).form();
        let done = format!("{}?notice=reported", email.path());
        form.clone().await.assert(&format!("303 {done}"));
        let page = client.open(&done).await.assert("200");
        let page = page.assert_contains("All sessions have ended");
        page.assert_contains(next);
        let used = format!("{}?error=used-token", email.path());
        form.await.assert(&format!("303 {used}"));
        let page = client.open(&used).await.assert("200");
        page.assert_contains("already been used")
            .assert_contains(next);
        world.clock.advance(hours(SEVEN_DAYS));
        let page = client.open(email.path()).await.assert("200");
        page.assert_contains("has expired");
        let page = client.open(&format!("{REPORT}/x")).await.assert("200");
        page.assert_contains("no longer works");
    }
}

#[tokio::test]
async fn other_origins_and_hostile_bodies_report_nothing() {
    let world = world(&[]).await;
    let token = notice(&world).await.token();
    let before = world.snapshot();
    let client = world.client();
    for origin in ["https://evil.example", "null"] {
        for request in [client.report(&token), client.report(&token).form()] {
            let refused = request.without_origin().header("origin", origin).await;
            refused.assert("403 origin-not-allowed");
        }
    }
    for body in [
        json!({}),
        json!([]),
        json!({"token": null}),
        json!({"token": 1}),
        json!({"token": [token]}),
        json!({"token": token, "idempotency_key": "0123456789abcdef"}),
        json!({"token": token, "password": PASSWORD}),
    ] {
        let refused = client.post(REPORT).body(body).await;
        refused.assert("400 invalid-request");
    }
    for bytes in [&b"\xff"[..], b"{", b"", b"null"] {
        let request = client.post(REPORT).bytes(bytes);
        let refused = request.header("content-type", "application/json").await;
        refused.assert("400 invalid-request");
    }
    let twice = format!("token={token}&token={token}");
    let request = client.post(REPORT).bytes(twice);
    let form = "application/x-www-form-urlencoded";
    request
        .header("content-type", form)
        .await
        .assert("400 invalid-request");
    let large = client.report(&"x".repeat(17_000)).await;
    large.assert("413 payload-too-large");
    assert_eq!(world.snapshot(), before);
}
