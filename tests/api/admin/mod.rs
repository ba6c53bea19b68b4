//! The admin API: what holds for every route.

mod create;
pub(crate) mod emails;
mod ended_sessions;
mod erase;
mod get;
mod history;
mod import;
mod list;
mod redrive;
mod resend;
mod sessions;
mod update;

use kit::{ADA, ApiClient, ApiRequest, GRACE, World};
use local::aws_stub::Fault;
use reqwest::Method;
use serde_json::{Value, json};

/// Creates an active user with all fields set.
pub(crate) fn create_eve<'c>(admin: &'c ApiClient<'_>) -> ApiRequest<'c> {
    let resource = json!({"type": "status-page", "id": "7", "name": "Search", "slug": "search"});
    admin
        .create_user("Eve@Example.com", "Eve")
        .with("role", "partner")
        .with("resources", json!([resource]))
        .status("active")
}

/// Asserts that an audit record names who signed the request.
#[track_caller]
fn assert_actor(record: &Value) {
    let actor = &record["metadata"]["M"]["actor"]["S"];
    assert_eq!(actor, "arn:aws:iam::000000000000:user/local");
}

/// Returns a request to each route that takes a body.
fn requests_with_body<'c>(admin: &'c ApiClient<'_>, id: &str) -> Vec<ApiRequest<'c>> {
    vec![
        create_eve(admin),
        admin.import_users(json!([{"email": "x@example.com", "name": "X"}])),
        admin.update_user(id).with("name", "Another Name"),
        admin.lift_suppression(ADA),
        admin.redrive_email(ADA, "01a1fe682300-b30c531e93ed997d"),
    ]
}

/// Returns a request to each route that changes something.
fn writes<'c>(admin: &'c ApiClient<'_>, id: &str) -> Vec<ApiRequest<'c>> {
    let mut requests = requests_with_body(admin, id);
    requests.extend([
        admin.resend_invitation(id),
        admin.revoke_user_sessions(id),
        admin.erase_user(id),
    ]);
    requests
}

/// Returns a request to each route, the order being that in which they do something.
fn requests<'c>(admin: &'c ApiClient<'_>, id: &str) -> Vec<ApiRequest<'c>> {
    let mut requests = vec![
        admin.list_users().query("limit", "1"),
        admin.get_user(id),
        admin.list_audit(id).query("limit", "1"),
        admin.list_emails(id).query("limit", "1"),
        admin.list_emails_to(ADA).query("limit", "1"),
        admin.list_held_emails().query("limit", "1"),
    ];
    requests.extend(writes(admin, id));
    requests
}

#[tokio::test]
async fn every_route_requires_a_signature_a_known_id_and_a_reachable_store() {
    let world = World::start().await;
    let admin = world.client();
    let id = world.user_id(GRACE);
    let before = world.snapshot();
    for request in requests(&admin, &id) {
        for unauthorized in [request.clone().unsigned(), request.signed_by("other")] {
            let response = unauthorized.await.assert("403");
            assert_eq!(response.json(), json!({"message": "Forbidden"}));
        }
    }
    for unknown in [
        "usr_00000000000000000000000000000000",
        "usr_1",
        "x",
        "%00",
        "user%23x",
        &"u".repeat(3000),
    ] {
        let mut by_id = requests(&admin, unknown);
        by_id.retain(|request| request.path().contains(&format!("/{unknown}")));
        assert_eq!(by_id.len(), 7);
        for request in by_id {
            request.await.assert("404 not-found");
        }
    }
    for request in requests(&admin, &id) {
        let response = request.query("more", "1").await;
        response.assert("400 invalid-request");
    }
    world.inject(Fault::FailBefore, |call| call.service == "dynamodb");
    for request in requests(&admin, &id) {
        request.await.assert("503 unavailable");
    }
    assert_eq!(world.snapshot(), before);
    assert!(world.emails().await.is_empty());
}

#[tokio::test]
async fn invalid_bodies_are_refused_and_nothing_is_written() {
    let world = World::start().await;
    let admin = world.client();
    let id = world.user_id(GRACE);
    let before = world.snapshot();
    for request in writes(&admin, &id) {
        for wrong in [json!([]), json!("x"), json!({"unknown": 1}), json!(null)] {
            let response = request.clone().body(wrong).await;
            response.assert("400 invalid-request");
        }
        let large = json!({"name": "x".repeat(256 * 1024)});
        request.body(large).await.assert("413 payload-too-large");
    }
    for request in requests_with_body(&admin, &id) {
        request.bytes("").await.assert("415 unsupported-media-type");
    }
    assert_eq!(world.snapshot(), before);
}

/// Returns a resource whose fields are as long as they may be.
fn large_resource(letter: &str) -> Value {
    let text = letter.repeat(200);
    json!({"type": text, "id": text, "name": text, "slug": text})
}

#[tokio::test]
async fn two_hundred_resources_of_the_maximum_length_are_accepted_and_listed() {
    let world = World::start().await;
    let admin = world.client();
    let resources = json!(vec![large_resource("x"); 200]);
    let created = admin
        .create_user("eve@example.com", "Eve")
        .with("resources", resources.clone())
        .idempotency_key("one");
    let user = created.clone().await.assert("201").json();
    assert_eq!(user["resources"], resources);
    created.await.assert("201");
    let changed = json!(vec![large_resource("y"); 200]);
    let request = admin
        .update_user(user["id"].as_str().unwrap())
        .with("resources", changed.clone());
    assert_eq!(request.await.assert("200").json()["resources"], changed);
    let bob = json!({"email": "bob@example.com", "name": "Bob", "resources": resources});
    let imported = admin.import_users(json!([bob])).await.assert("200").json();
    assert!(imported["results"][0]["id"].is_string(), "{imported}");
    let list = admin.list_users().await.assert("200").json();
    assert_eq!(list["users"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn an_import_of_25_users_may_fill_the_whole_body() {
    let world = World::start().await;
    let admin = world.client();
    // 25 of these users, with 11 resources each, fill 254 KiB.
    let user = |n| {
        json!({
            "email": format!("{}{n:02}@example.com", "u".repeat(62)), "name": "n".repeat(120),
            "role": "r".repeat(60), "resources": vec![large_resource("x"); 11],
            "status": "suspended",
        })
    };
    let users: Value = (0..25).map(user).collect();
    let imported = admin.import_users(users).await.assert("200").json();
    let results = imported["results"].as_array().unwrap();
    assert_eq!(results.len(), 25);
    assert!(results.iter().all(|result| result["id"].is_string()));
}

#[tokio::test]
async fn a_body_is_at_most_256_kib() {
    let world = World::start().await;
    let admin = world.client();
    let request = |bytes: usize| {
        let json = r#"{"email":"eve@example.com","name":"Eve"}"#;
        let body = format!("{json}{}", " ".repeat(bytes - json.len()));
        let request = admin.admin_request(Method::POST, kit::routes::USERS);
        request
            .header("content-type", "application/json")
            .bytes(body)
    };
    let refused = request(256 * 1024 + 1).await;
    let detail = refused.assert("413 payload-too-large").json()["detail"].clone();
    assert_eq!(detail, "The body must be at most 256 KiB.");
    request(256 * 1024).await.assert("201");
}

#[tokio::test]
async fn a_bearer_token_does_not_replace_the_signature() {
    let world = World::start().await;
    let admin = world.client();
    let before = world.snapshot();
    let request = admin.request(Method::POST, kit::routes::USERS);
    let response = request.bearer_token("x").bytes("{}").await.assert("403");
    assert_eq!(response.json(), json!({"message": "Forbidden"}));
    assert_eq!(world.snapshot(), before);
}
