//! `POST /admin/users/import`: importing users with the passwords they have.

use super::assert_actor;
use kit::routes::ACTIVATE;
use kit::{ADA, PASSWORD, WRONG, World, mins};
use local::aws_stub::Fault;
use serde_json::{Value, json};
use shared::domain::password::Password;
use shared::domain::password::hash::{Argon2Params, Hasher};

/// Hashes the password as another system stored it.
fn hash(params: &str) -> String {
    let hasher = Hasher::new(Argon2Params::parse(params).unwrap(), None);
    let hash = hasher.hash(&Password::parse(PASSWORD).unwrap(), [7; 16]);
    hash.as_str().to_owned()
}

/// Imports users and returns the result for each.
async fn import(world: &World, users: Value) -> Vec<Value> {
    let results = world
        .client()
        .import_users(users)
        .await
        .assert("200")
        .json();
    results["results"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_imported_user_signs_in_with_the_old_password() {
    let world = World::start().await;
    let hash = hash("m=19456,t=2,p=1");
    let resources = json!([{"type": "page", "id": "1", "name": "One", "slug": "one"}]);
    let users = json!([
        {
            "email": "Eve@Example.com", "name": "Eve", "role": "client",
            "resources": resources, "password": hash,
        },
        {"email": "bob@example.com", "name": "Bob"},
    ]);
    let results = import(&world, users).await;
    let eve = world.user_id("eve@example.com");
    let bob = world.user_id("bob@example.com");
    assert_eq!(results[0], json!({"email": "Eve@Example.com", "id": eve}));
    assert_eq!(results[1], json!({"email": "bob@example.com", "id": bob}));

    let client = world.client();
    for (email, password, outcome) in [
        ("eve@example.com", PASSWORD, "200"),
        ("eve@example.com", WRONG, "401 invalid-credentials"),
        ("bob@example.com", PASSWORD, "401 invalid-credentials"),
    ] {
        client.sign_in(email, password).await.assert(outcome);
    }
    world.clock.advance(mins(1));
    let client = world.client();
    client.sign_in_by_link("bob@example.com").await;
    assert_eq!(client.me().await.id(), bob);

    let mut records = world.audit("partner.imported");
    records.retain(|record| record["pk"]["S"] == json!(eve));
    assert_eq!(records[0]["resource_id"]["S"], json!(eve));
    assert_actor(&records[0]);
    let secret = hash.rsplit('$').next().unwrap();
    for table in ["audit", "sessions", "links", "emails", "rate-limits"] {
        assert!(
            !json!(world.rows(table)).to_string().contains(secret),
            "{table}"
        );
    }
    assert!(!local::logs::taken().contains(secret));
    assert!(!json!(results).to_string().contains(secret));
    let emails = world.emails().await;
    assert!(emails.iter().all(|email| email.to == "bob@example.com"));
}

#[tokio::test]
async fn each_user_has_a_result_in_order() {
    let world = World::start().await;
    let good = hash("m=19456,t=2,p=1");
    let with_password =
        |email: &str, password: &str| json!({"email": email, "name": "Name", "password": password});
    let cases = [
        ("", with_password("one@example.com", &good)),
        ("already-exists", json!({"email": ADA, "name": "Ada"})),
        (
            "invalid-request",
            json!({"email": "no address", "name": "Name"}),
        ),
        (
            "invalid-request",
            json!({"email": "two@example.com", "name": ""}),
        ),
        (
            "invalid-request",
            with_password("three@example.com", "$2b$12$abcdefghijklmnopqrstuv"),
        ),
        (
            "invalid-request",
            with_password("four@example.com", &hash("m=8192,t=3,p=2")),
        ),
        (
            "invalid-request",
            with_password("five@example.com", &good.replace("2id", "2i")),
        ),
        ("invalid-request", with_password("six@example.com", "")),
        (
            "invalid-request",
            json!({
                "email": "seven@example.com", "name": "Name", "status": "invited", "password": good,
            }),
        ),
        (
            "already-exists",
            json!({"email": "ONE@example.com", "name": "Again"}),
        ),
        ("", json!({"email": "eight@example.com", "name": "Name"})),
    ];
    let users = json!(cases.each_ref().map(|(_, user)| user));
    let results = import(&world, users).await;
    assert_eq!(results.len(), cases.len());
    for ((problem, user), result) in cases.iter().zip(&results) {
        assert_eq!(
            result["problem"].as_str().unwrap_or_default(),
            *problem,
            "{result}"
        );
        assert_eq!(user["email"], result["email"]);
        assert!(
            result["id"].is_string() != result["detail"].is_string(),
            "{result}"
        );
    }
    let detail = results[5]["detail"].as_str().unwrap();
    assert!(
        detail.contains("PreviousArgon2") && detail.contains("m=8192,t=3,p=2"),
        "{detail}"
    );
    let shown = json!(results).to_string();
    assert!(
        !shown.contains("$argon2") && !shown.contains("$2b$"),
        "{shown}"
    );
    // A row and a claim for each of four.
    assert_eq!(world.rows("users").len(), 8);
}

#[tokio::test]
async fn a_hash_of_the_previous_parameters_is_accepted_and_renewed_at_sign_in() {
    let world = World::with(&[("PreviousArgon2", "m=8192,t=3,p=2")]).await;
    let password = hash("m=8192,t=3,p=2");
    let eve = json!([{"email": "eve@example.com", "name": "Eve", "password": password}]);
    assert!(import(&world, eve).await[0]["id"].is_string());
    let response = world.client().sign_in("eve@example.com", PASSWORD).await;
    response.assert("200");
    let row = world.user_row("eve@example.com");
    let hash = row["password"]["S"].as_str().unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{row}");
}

#[tokio::test]
async fn nobody_is_emailed_before_an_invitation_and_a_suspended_user_stays_out() {
    let world = World::start().await;
    let password = hash("m=19456,t=2,p=1");
    let users = json!([
        {"email": "eve@example.com", "name": "Eve", "status": "invited"},
        {"email": "sue@example.com", "name": "Sue", "status": "suspended", "password": password},
    ]);
    import(&world, users).await;
    assert!(world.emails().await.is_empty() && world.rows("emails").is_empty());
    let client = world.client();
    let response = client.sign_in("sue@example.com", PASSWORD).await;
    response.assert("401 invalid-credentials");
    client
        .resend_invitation(&world.user_id("eve@example.com"))
        .await
        .assert("202");
    assert!(world.latest_email().await.path().starts_with(ACTIVATE));
}

#[tokio::test]
async fn a_portal_without_passwords_imports_none() {
    let world = World::with(&[("Activation", "link")]).await;
    let users = json!([
        {"email": "eve@example.com", "name": "Eve", "password": hash("m=19456,t=2,p=1")},
        {"email": "bob@example.com", "name": "Bob", "password": null},
    ]);
    let results = import(&world, users).await;
    assert_eq!(results[0]["problem"], "invalid-request");
    assert!(results[1]["id"].is_string(), "{results:?}");
    assert!(!world.snapshot().contains("$argon2id$"));
}

#[tokio::test]
async fn an_invalid_import_is_refused_as_a_whole() {
    let world = World::start().await;
    let admin = world.client();
    let before = world.snapshot();
    let bob = json!({"email": "bob@example.com", "name": "Bob"});
    let with = |name: &str, value: Value| {
        let mut user = bob.clone();
        user[name] = value;
        json!([bob, user])
    };
    for users in [
        json!([]),
        json!(vec![bob.clone(); 26]),
        json!({}),
        json!("x"),
        json!(null),
        json!([[]]),
        json!([null]),
        json!([{"email": "bob@example.com"}]),
        with("status", json!("deleted")),
        with("status", json!(null)),
        with("email", json!(1)),
        with("name", json!(null)),
        with("password", json!(["$argon2id$"])),
        with("resources", json!([{"type": "x"}])),
        with("id", json!("usr_00000000000000000000000000000001")),
    ] {
        let response = admin.import_users(users).await;
        response.assert("400 invalid-request");
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn a_store_that_fails_halfway_is_reported_for_the_remaining_users() {
    let world = World::start().await;
    world.inject(Fault::FailBefore, |call| {
        call.operation == "TransactWriteItems" && call.number > 1
    });
    let user = |n| json!({"email": format!("u{n}@example.com"), "name": "Name"});
    let users: Value = (0..25).map(user).collect();
    let results = import(&world, users.clone()).await;
    assert_eq!((results.len(), results[0]["id"].is_string()), (25, true));
    assert!(
        results[1..]
            .iter()
            .all(|result| result["problem"] == "unavailable"),
        "{results:?}"
    );
    world.clear_fault();
    let again = import(&world, users).await;
    assert_eq!(again[0]["problem"], "already-exists");
    assert!(again[1..].iter().all(|result| result["id"].is_string()));
}
