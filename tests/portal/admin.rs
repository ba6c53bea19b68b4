//! The administration: signed calls only, idempotent by key, strict.

use serde_json::{Value, json};
use tests::{World, mins};

fn eve() -> Value {
    json!({
        "email": "Eve@Example.com", "name": "Eve", "role": "partner", "status": "active",
        "resources": [{"type": "status-page", "id": "7", "name": "Search", "slug": "search"}],
    })
}

#[tokio::test]
async fn an_added_user_signs_in_and_who_added_her_is_written_down() {
    let world = World::start().await;
    let added = world.browser().admin("local", &[], &eve()).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let user = added.json();
    assert_eq!((&user["email"], &user["status"]), (&json!("eve@example.com"), &json!("active")));
    assert_eq!(user["created_at"], "2026-11-21T14:00:00Z");
    let browser = world.browser();
    browser.sign_in("eve@example.com").await;
    let me = browser.me().await.json();
    assert_eq!((&me["id"], &me["resources"]), (&user["id"], &user["resources"]));
    let audit = world.rows("audit").into_iter().find(|row| row["action"]["S"] == "partner.added").unwrap();
    assert_eq!(audit["metadata"]["M"]["actor"]["S"], "arn:aws:iam::000000000000:user/local");
    assert_eq!(audit["pk"]["S"], user["id"]);
}

#[tokio::test]
async fn unsigned_wrongly_signed_and_stale_calls_are_refused_by_the_gateway() {
    let world = World::start().await;
    let browser = world.browser();
    let before = world.everything();
    let unsigned = browser.post("/admin/users", eve()).await;
    let wrong = browser.admin("other", &[], &eve()).await;
    let forbidden = browser.request(reqwest::Method::POST, "/admin/users").header("authorization", "Bearer x");
    let bearer = browser.send(forbidden.body(eve().to_string())).await;
    for answer in [unsigned, wrong, bearer] {
        assert_eq!((answer.status.as_u16(), answer.json()), (403, json!({"message": "Forbidden"})));
    }
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn the_same_key_gives_the_same_user_and_another_call_is_told_that_she_is_there() {
    let world = World::start().await;
    let browser = world.browser();
    let key = [("idempotency-key", "order-66")];
    let first = browser.admin("local", &key, &eve()).await;
    let before = world.everything();
    world.time.pass(mins(3));
    let again = browser.admin("local", &key, &eve()).await;
    assert_eq!((again.status.as_u16(), again.json()), (201, first.json()));
    let mut other = eve();
    other["email"] = json!("mallory@example.com");
    let reused = browser.admin("local", &key, &other).await;
    let taken = browser.admin("local", &[], &eve()).await;
    let other_key = browser.admin("local", &[("idempotency-key", "order-67")], &eve()).await;
    for answer in [reused, taken, other_key] {
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (409, "already-exists"));
    }
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn a_user_that_cannot_be_meant_is_refused_and_nothing_written() {
    let world = World::start().await;
    let browser = world.browser();
    let before = world.everything();
    let with = |name: &str, value: Value| {
        let mut user = eve();
        user[name] = value;
        user
    };
    let cases = [
        with("email", json!("eve")),
        with("name", json!("")),
        with("name", json!("two\nlines")),
        with("name", json!("a".repeat(121))),
        with("role", json!("a".repeat(61))),
        with("status", json!("suspended")),
        with("extra", json!(1)),
        with("resources", json!([{"type": "x"}])),
        with("resources", json!([{"type": "x", "id": "x", "name": "x", "slug": "x", "more": "x"}])),
        with("resources", json!(vec![json!({"type": "x", "id": "x", "name": "x", "slug": "x"}); 201])),
        json!([]),
    ];
    for case in cases {
        let answer = browser.admin("local", &[], &case).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (400, "invalid-request"), "{case}");
    }
    let long = "k".repeat(129);
    let answer = browser.admin("local", &[("idempotency-key", &long)], &eve()).await;
    assert_eq!(answer.status, 400);
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn with_activation_by_link_the_first_redeemed_link_activates() {
    for (activation, mails) in [("link", 1), ("password", 0)] {
        let world = World::with(&[("Activation", activation)]).await;
        let mut invited = eve();
        invited["status"] = json!("invited");
        assert_eq!(world.browser().admin("local", &[], &invited).await.json()["status"], "invited");
        let browser = world.browser();
        browser.post("/auth/request-login", json!({"email": "eve@example.com"})).await;
        assert_eq!(world.mails().await.len(), mails, "{activation}");
        if activation == "link" {
            let mail = world.mail().await;
            assert_eq!(browser.post("/auth/verify", json!({"token": mail.token()})).await.status, 200);
            assert_eq!(browser.me().await.status, 200);
            let row = world.rows("users").into_iter().find(|row| row["address"]["S"] == "eve@example.com").unwrap();
            assert_eq!(row["status"]["S"], "active");
        }
    }
}
