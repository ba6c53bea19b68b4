//! The administration: importing users with the passwords they have.

use crate::admin::refusal;
use local::aws_stub::Fault;
use reqwest::Method;
use serde_json::{Value, json};
use shared::domain::password::Password;
use shared::domain::password::hash::{Argon2Params, Hasher};
use tests::{Answer, World, mins};

const PASSWORD: &str = "an old password of hers";

/// What another system has stored.
fn hashed(costs: &str) -> String {
    let hasher = Hasher::new(Argon2Params::parse(costs).unwrap(), None);
    hasher
        .hash(&Password::parse(PASSWORD).unwrap(), [7; 16])
        .as_str()
        .to_owned()
}

async fn import(world: &World, users: Value) -> Answer {
    world
        .browser()
        .call(
            Method::POST,
            "/admin/users/import",
            Some(&json!({"users": users})),
        )
        .await
}

async fn sign_in(world: &World, email: &str, password: &str) -> Answer {
    world
        .browser()
        .post(
            "/auth/sign-in",
            json!({"email": email, "password": password}),
        )
        .await
}

#[tokio::test]
async fn whoever_is_imported_signs_in_with_the_old_password() {
    let world = World::start().await;
    let hash = hashed("m=19456,t=2,p=1");
    let resources = json!([{"type": "page", "id": "1", "name": "One", "slug": "one"}]);
    let users = json!([
        {"email": "Eve@Example.com", "name": "Eve", "role": "client", "resources": resources, "password": hash},
        {"email": "bob@example.com", "name": "Bob"},
    ]);
    let answer = import(&world, users).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let results = answer.json()["results"].clone();
    let (eve, bob) = (
        world.id_of("eve@example.com"),
        world.id_of("bob@example.com"),
    );
    assert_eq!(
        results,
        json!([{"email": "Eve@Example.com", "id": eve}, {"email": "bob@example.com", "id": bob}])
    );

    assert_eq!(
        sign_in(&world, "eve@example.com", PASSWORD).await.status,
        200
    );
    assert_eq!(
        refusal(&sign_in(&world, "eve@example.com", "another password").await).0,
        401
    );
    assert_eq!(
        refusal(&sign_in(&world, "bob@example.com", PASSWORD).await).0,
        401
    );
    world.time.pass(mins(1));
    let browser = world.browser();
    browser.sign_in("bob@example.com").await;
    assert_eq!(browser.me().await.json()["id"], json!(bob));

    let audit = world
        .rows("audit")
        .into_iter()
        .filter(|row| row["action"]["S"] == "partner.imported");
    let audit = audit
        .into_iter()
        .find(|row| row["pk"]["S"] == json!(eve))
        .unwrap();
    assert_eq!(audit["resource_id"]["S"], json!(eve));
    assert_eq!(
        audit["metadata"]["M"]["actor"]["S"],
        "arn:aws:iam::000000000000:user/local"
    );
    let secret = hash.rsplit('$').next().unwrap();
    for table in ["audit", "sessions", "links", "emails", "rate-limits"] {
        assert!(
            !json!(world.rows(table)).to_string().contains(secret),
            "{table}"
        );
    }
    assert!(!local::logs::taken().contains(secret) && !answer.body.contains(secret));
    assert!(
        world
            .mails()
            .await
            .iter()
            .all(|mail| mail["to"] == "bob@example.com")
    );
}

#[tokio::test]
async fn each_has_a_result_of_her_own_in_order() {
    let world = World::start().await;
    let (good, other) = (hashed("m=19456,t=2,p=1"), hashed("m=8192,t=3,p=2"));
    let with = |email: &str, password: &str| json!({"email": email, "name": "Somebody", "password": password});
    let users = json!([
        with("one@example.com", &good),
        {"email": "ada@example.com", "name": "Ada"},
        {"email": "no address", "name": "Somebody"},
        {"email": "two@example.com", "name": ""},
        with("three@example.com", "$2b$12$abcdefghijklmnopqrstuv"),
        with("four@example.com", &other),
        with("five@example.com", &good.replace("argon2id", "argon2i")),
        with("six@example.com", ""),
        {"email": "seven@example.com", "name": "Somebody", "status": "invited", "password": good},
        {"email": "ONE@example.com", "name": "Again"},
        {"email": "eight@example.com", "name": "Somebody"},
    ]);
    let answer = import(&world, users.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let results = answer.json()["results"].as_array().unwrap().clone();
    let outcomes: Vec<_> = results
        .iter()
        .map(|result| result["problem"].as_str().unwrap_or("added"))
        .collect();
    let (added, there, invalid) = ("added", "already-exists", "invalid-request");
    assert_eq!(
        outcomes,
        [
            added, there, invalid, invalid, invalid, invalid, invalid, invalid, invalid, there,
            added
        ]
    );
    for (user, result) in users.as_array().unwrap().iter().zip(&results) {
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
    assert!(
        !answer.body.contains("$argon2") && !answer.body.contains("$2b$"),
        "{}",
        answer.body
    );
    assert_eq!(
        world.rows("users").len(),
        8,
        "a row and a claim for each of four"
    );
}

#[tokio::test]
async fn a_hash_of_the_previous_costs_is_taken_and_renewed_as_she_signs_in() {
    let world = World::with(&[("PreviousArgon2", "m=8192,t=3,p=2")]).await;
    let users =
        json!([{"email": "eve@example.com", "name": "Eve", "password": hashed("m=8192,t=3,p=2")}]);
    assert!(import(&world, users).await.json()["results"][0]["id"].is_string());
    assert_eq!(
        sign_in(&world, "eve@example.com", PASSWORD).await.status,
        200
    );
    let row = world
        .rows("users")
        .into_iter()
        .find(|row| row["address"]["S"] == "eve@example.com")
        .unwrap();
    assert!(
        row["password"]["S"]
            .as_str()
            .unwrap()
            .starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{row}"
    );
}

#[tokio::test]
async fn nobody_is_mailed_until_she_is_invited_and_a_suspended_one_stays_out() {
    let world = World::start().await;
    let users = json!([
        {"email": "eve@example.com", "name": "Eve", "status": "invited"},
        {"email": "sue@example.com", "name": "Sue", "status": "suspended", "password": hashed("m=19456,t=2,p=1")},
    ]);
    assert_eq!(import(&world, users).await.status, 200);
    assert!(world.mails().await.is_empty() && world.rows("emails").is_empty());
    assert_eq!(
        sign_in(&world, "sue@example.com", PASSWORD).await.problem(),
        "invalid-credentials"
    );
    let resend = format!("/admin/users/{}/resend", world.id_of("eve@example.com"));
    assert_eq!(
        world
            .browser()
            .call(Method::POST, &resend, None)
            .await
            .status,
        202
    );
    assert!(world.mail().await.path().starts_with("/auth/activate/"));
}

#[tokio::test]
async fn a_portal_without_passwords_imports_none() {
    let world = World::with(&[("Activation", "link")]).await;
    let users = json!([
        {"email": "eve@example.com", "name": "Eve", "password": hashed("m=19456,t=2,p=1")},
        {"email": "bob@example.com", "name": "Bob", "password": null},
    ]);
    let results = import(&world, users).await.json()["results"].clone();
    assert_eq!(results[0]["problem"], "invalid-request");
    assert!(results[1]["id"].is_string(), "{results}");
    assert!(!world.everything().contains("$argon2id$"));
}

#[tokio::test]
async fn an_import_that_cannot_be_meant_is_refused_as_a_whole() {
    let world = World::start().await;
    let before = world.everything();
    let bob = json!({"email": "bob@example.com", "name": "Bob"});
    let with = |name: &str, value: Value| {
        let mut user = bob.clone();
        user[name] = value;
        json!([bob, user])
    };
    let cases = [
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
    ];
    for case in cases {
        let answer = import(&world, case.clone()).await;
        assert_eq!(
            refusal(&answer),
            (400, "invalid-request".to_owned()),
            "{case}"
        );
    }
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn a_store_that_goes_away_on_the_way_is_told_for_the_rest() {
    let world = World::start().await;
    world
        .portal
        .set_fault(|attempt| match attempt.operation.as_str() {
            "TransactWriteItems" if attempt.number > 1 => Fault::FailBefore,
            _ => Fault::None,
        });
    let users: Vec<_> = (0..25)
        .map(|n| json!({"email": format!("u{n}@example.com"), "name": "Somebody"}))
        .collect();
    let answer = import(&world, json!(users)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let results = answer.json()["results"].as_array().unwrap().clone();
    assert_eq!((results.len(), results[0]["id"].is_string()), (25, true));
    assert!(
        results[1..]
            .iter()
            .all(|result| result["problem"] == "unavailable"),
        "{}",
        answer.body
    );
    world.portal.set_fault(|_| Fault::None);
    let again = import(&world, json!(users)).await.json()["results"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(again[0]["problem"], "already-exists");
    assert!(again[1..].iter().all(|result| result["id"].is_string()));
}
