//! Notices: what a user is told of by email, and what not.

use kit::routes::ACTIVATE;
use kit::{
    ADA, ALL_NOTICES, ApiClient, CHEAP_HASHES, GRACE, PASSWORD, World, cancelled, mins, parameters,
};
use local::Options;
use local::aws_stub::Fault;
use serde_json::{Value, json};

/// Starts a portal that sends all notices, where Ada has a password and has signed in once.
async fn world(pairs: &[(&str, &str)]) -> World {
    let world = World::with(&[&CHEAP_HASHES, &[ALL_NOTICES][..], pairs].concat()).await;
    world.set_password(ADA, PASSWORD).await;
    world.client().sign_in(ADA, PASSWORD).await.assert("200");
    world.clock.advance(mins(1));
    world
}

/// Returns the addresses that were queued a notice of this kind, oldest first.
async fn notices(world: &World, kind: &str) -> Vec<String> {
    world.settle().await;
    let mut rows = world.rows("emails");
    rows.retain(|row| row["kind"]["S"] == kind);
    rows.sort_by_key(|row| row["sk"]["S"].as_str().map(str::to_owned));
    let address = |row: &Value| row["address"]["S"].as_str().unwrap_or_default().to_owned();
    rows.iter().map(address).collect()
}

async fn count(world: &World) -> usize {
    notices(world, "new-browser").await.len()
}

/// Returns a client with the known mark of another one, and nothing else of it.
fn known_as<'w>(world: &'w World, other: &ApiClient<'_>) -> ApiClient<'w> {
    let client = world.client();
    let name = "partner.known";
    let name = ["", "__Host-"]
        .map(|prefix| format!("{prefix}{name}"))
        .into_iter()
        .find(|name| other.cookie(name).is_some())
        .unwrap();
    client.set_cookie(&name, other.cookie(&name).as_deref());
    client
}

#[tokio::test]
async fn a_sign_in_from_a_new_browser_is_told_by_password_link_and_code() {
    let world = world(&[]).await;
    assert_eq!(count(&world).await, 0);
    let [by_password, by_link, by_code] = [(); 3].map(|()| world.client());
    let sign_in = by_password.sign_in(ADA, PASSWORD);
    let firefox = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0";
    sign_in.header("user-agent", firefox).await.assert("200");
    let email = world.latest_email().await;
    assert_eq!(
        (&*email.to, &*email.subject),
        (ADA, "New sign-in to Partner")
    );
    for part in [&email.text, &email.html] {
        for expected in ["Firefox on Windows", by_password.ip(), "14:01 UTC"] {
            assert!(part.contains(expected), "{expected} in {part}");
        }
    }
    by_link.sign_in_by_link(ADA).await;
    assert_eq!(count(&world).await, 2);
    world.clock.advance(mins(1));
    let code = by_code.receive_login_email(ADA).await.code;
    by_code.verify_code(&code).await.assert("200");
    assert_eq!(notices(&world, "new-browser").await, [ADA; 3]);
}

#[tokio::test]
async fn a_known_browser_is_told_nothing_whoever_else_signs_in_there() {
    let world = world(&[]).await;
    let client = world.client();
    client.sign_in(ADA, PASSWORD).await.assert("200");
    assert_eq!(count(&world).await, 1);
    for _ in 0..2 {
        world.clock.advance(mins(1));
        client.logout().await.assert("200");
        client.sign_in(ADA, PASSWORD).await.assert("200");
        client.sign_in_by_link(ADA).await;
    }
    known_as(&world, &client).sign_in_by_link(ADA).await;
    assert_eq!(count(&world).await, 1);
    // The browser is new to the mailbox of another user.
    let created = client
        .create_user("bob@example.com", "Bob")
        .status("active");
    created.await.assert("201");
    world.client().sign_in_by_link("bob@example.com").await;
    client.sign_in_by_link("bob@example.com").await;
    assert_eq!(
        notices(&world, "new-browser").await,
        [ADA, "bob@example.com"]
    );
}

#[tokio::test]
async fn a_bearer_client_is_known_by_its_mark() {
    let world = world(&[]).await;
    let client = world.client();
    let sign_in = || client.sign_in(ADA, PASSWORD).bearer_transport();
    let first = sign_in().await.assert("200").json();
    assert_eq!(count(&world).await, 1);
    sign_in()
        .with("known", first["known"].clone())
        .await
        .assert("200");
    assert_eq!(count(&world).await, 1);
    sign_in().with("known", "x".repeat(43)).await.assert("200");
    assert_eq!(count(&world).await, 2);
}

#[tokio::test]
async fn nobody_is_told_of_the_first_sign_in_or_an_activation() {
    let world = World::with(&[&CHEAP_HASHES, &[ALL_NOTICES][..]].concat()).await;
    let admin = world.client();
    let created = admin.create_user("new@example.com", "New").await;
    created.assert("201");
    let link = world.latest_email().await;
    let client = world.client();
    let page = client.open(link.path()).await;
    let form = client.submit_link_page(ACTIVATE, &page);
    form.with("password", PASSWORD)
        .await
        .assert("303 /auth/account");
    // These were active before they signed in.
    for address in ["added@example.com", ADA] {
        if address != ADA {
            let created = admin.create_user(address, "Added").status("active");
            created.await.assert("201");
        }
        world.client().sign_in_by_link(address).await;
    }
    assert_eq!(count(&world).await, 0);
    for address in ["new@example.com", "added@example.com", ADA] {
        world.clock.advance(mins(1));
        world.client().sign_in_by_link(address).await;
    }
    assert_eq!(count(&world).await, 3);
}

#[tokio::test]
async fn nobody_is_told_of_the_first_sign_in_with_a_password_or_after_a_sign_up() {
    let world =
        World::with(&[&CHEAP_HASHES, &[ALL_NOTICES, ("SelfSignUp", "on")][..]].concat()).await;
    world.set_password(ADA, PASSWORD).await;
    world.client().sign_in(ADA, PASSWORD).await.assert("200");
    assert_eq!(count(&world).await, 0);
    world.client().sign_in(ADA, PASSWORD).await.assert("200");
    assert_eq!(count(&world).await, 1);
    let without_passwords =
        World::with(&[("Activation", "link"), ("SelfSignUp", "on"), ALL_NOTICES]).await;
    let client = without_passwords.client();
    client.sign_up("eve@example.com", "Eve").await.assert("200");
    let token = without_passwords.latest_email().await.token();
    client.verify_link(&token).await.assert("200");
    without_passwords.client().sign_in_by_link(GRACE).await;
    assert_eq!(count(&without_passwords).await, 0);
}

#[tokio::test]
async fn of_two_first_sign_ins_at_once_the_second_is_told() {
    let options = Options {
        parameters: parameters(&[&CHEAP_HASHES, &[ALL_NOTICES][..]].concat()),
        ..Options::default()
    };
    let world = World::in_process(options).await;
    world.set_password(ADA, PASSWORD).await;
    let [one, other] = [(); 2].map(|()| world.client());
    let [a, b] = [&one, &other].map(|client| client.sign_in(ADA, PASSWORD).into_future());
    let (a, b) = tokio::join!(a, b);
    a.assert("200");
    b.assert("200");
    assert_eq!(count(&world).await, 1);
    assert_eq!(world.rows("sessions").len(), 2);
}

#[tokio::test]
async fn a_repeated_sign_in_is_told_once() {
    let world = world(&[]).await;
    for _ in 0..2 {
        let fresh = world.client();
        let again = fresh
            .sign_in(ADA, PASSWORD)
            .idempotency_key("the-key-of-this-page");
        again.await.assert("200");
    }
    assert_eq!(count(&world).await, 1);
    let token = world.client().receive_login_email(ADA).await.token();
    for _ in 0..2 {
        let fresh = world.client();
        let again = fresh
            .verify_link(&token)
            .idempotency_key("the-key-of-this-page");
        again.await.assert("200");
    }
    assert_eq!(count(&world).await, 2);
}

#[tokio::test]
async fn a_sign_in_that_did_not_happen_is_not_told_and_one_that_did_is() {
    let world = world(&[]).await;
    let client = world.client();
    let token = client.receive_login_email(ADA).await.token();
    let fault = Fault::Reply(400, cancelled("TransactionConflict"));
    world.inject(fault, |call| call.operation == "TransactWriteItems");
    client
        .sign_in(ADA, PASSWORD)
        .await
        .assert("503 unavailable");
    client.verify_link(&token).await.assert("503 unavailable");
    world.clear_fault();
    client.sign_in(ADA, "wrong horse battery staple").await;
    assert_eq!(count(&world).await, 0);
    // Every response is lost, and nobody asks again.
    world.inject(Fault::LoseAnswer, |call| {
        call.function == "verify" && call.operation == "TransactWriteItems"
    });
    client.verify_link(&token).await.assert("503 unavailable");
    world.clear_fault();
    assert_eq!(count(&world).await, 1);
}

#[tokio::test]
async fn a_used_or_expired_link_is_not_told() {
    let world = world(&[]).await;
    let token = world.client().receive_login_email(ADA).await.token();
    world.client().verify_link(&token).await.assert("200");
    world
        .client()
        .verify_link(&token)
        .await
        .assert("410 used-token");
    assert_eq!(count(&world).await, 1);
    world.clock.advance(mins(1));
    let token = world.client().receive_login_email(ADA).await.token();
    world.clock.advance(mins(15));
    world
        .client()
        .verify_link(&token)
        .await
        .assert("410 expired-token");
    assert_eq!(count(&world).await, 1);
}

#[tokio::test]
async fn an_administrator_who_ends_all_sessions_is_told_to_active_users() {
    let world = world(&[]).await;
    let admin = world.client();
    for (address, told) in [(ADA, 1), (GRACE, 1)] {
        let id = world.user_id(address);
        admin.revoke_user_sessions(&id).await.assert("204");
        assert_eq!(notices(&world, "sessions-ended").await.len(), told);
    }
    let email = world.latest_email().await;
    assert_eq!(
        (&*email.to, &*email.subject),
        (ADA, "You were signed out of Partner")
    );
    let id = world.user_id(ADA);
    world.suspend(ADA).await;
    admin.revoke_user_sessions(&id).await.assert("204");
    admin.erase_user(&id).await.assert("204");
    assert!(notices(&world, "sessions-ended").await.is_empty());
    assert!(notices(&world, "address-changed").await.is_empty());
}

#[tokio::test]
async fn a_notice_that_is_switched_off_is_not_queued() {
    let names = [
        "new-browser",
        "password-changed",
        "address-changed",
        "sessions-ended",
    ];
    for on in names.map(Some).into_iter().chain([None]) {
        let world = world(&[("Notices", on.unwrap_or_default())]).await;
        let before = notices(&world, "password-changed").await.len();
        let client = world.client();
        client.sign_in(ADA, PASSWORD).await.assert("200");
        let changed = client.change_password(PASSWORD, "another horse battery staple");
        changed.await.assert("200");
        let id = world.user_id(ADA);
        client.revoke_user_sessions(&id).await.assert("204");
        let changed = client
            .update_user(&id)
            .with("email", "ada@elsewhere.example");
        changed.await.assert("200");
        let expected = json!({
            "new-browser": 1,
            "password-changed": before + 1,
            "address-changed": 2,
            "sessions-ended": 1,
        });
        for name in names {
            let queued = notices(&world, name).await.len();
            let wanted = if on == Some(name) {
                expected[name].clone()
            } else {
                json!(0)
            };
            assert_eq!(json!(queued), wanted, "{name} where {on:?} is on");
        }
    }
}
