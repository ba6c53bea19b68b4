//! `POST /admin/users`: creating and inviting users.

use super::{assert_actor, create_eve};
use kit::routes::{ACTIVATE, VERIFY};
use kit::{ApiClient, ApiRequest, PASSWORD, World, mins};
use serde_json::json;

const EVE: &str = "eve@example.com";

fn invite_eve<'c>(admin: &'c ApiClient<'_>) -> ApiRequest<'c> {
    create_eve(admin).status("invited")
}

#[tokio::test]
async fn a_created_user_signs_in_and_the_audit_names_the_administrator() {
    let world = World::start().await;
    let user = create_eve(&world.client()).await.assert("201").json();
    assert_eq!(user["email"], EVE);
    assert_eq!(user["status"], "active");
    assert_eq!(user["created_at"], "2026-11-21T14:00:00Z");
    assert!(world.emails().await.is_empty() && world.rows("emails").is_empty());

    let client = world.client();
    client.sign_in_by_link(EVE).await;
    let me = client.me().await.json();
    assert_eq!(me["id"], user["id"]);
    assert_eq!(me["resources"], user["resources"]);
    let record = world.audit("partner.added").remove(0);
    assert_actor(&record);
    assert_eq!(record["pk"]["S"], user["id"]);
}

#[tokio::test]
async fn the_same_idempotency_key_returns_the_same_user_and_any_other_request_conflicts() {
    let world = World::start().await;
    let admin = world.client();
    let first = create_eve(&admin).idempotency_key("order-66").await;
    let before = world.snapshot();
    world.clock.advance(mins(3));
    let again = create_eve(&admin)
        .idempotency_key("order-66")
        .await
        .assert("201");
    assert_eq!(again.json(), first.json());
    for conflict in [
        create_eve(&admin)
            .with("email", "mallory@example.com")
            .idempotency_key("order-66"),
        create_eve(&admin),
        create_eve(&admin).idempotency_key("order-67"),
    ] {
        conflict.await.assert("409 already-exists");
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn an_invalid_user_is_refused_and_nothing_is_written() {
    let world = World::start().await;
    let admin = world.client();
    let before = world.snapshot();
    let resource =
        |extra: &str| json!({"type": "x", "id": "x", "name": "x", "slug": "x", extra: "x"});
    for (field, value) in [
        ("email", json!("eve")),
        ("name", json!("")),
        ("name", json!("two\nlines")),
        ("name", json!("a".repeat(121))),
        ("role", json!("a".repeat(61))),
        ("status", json!("suspended")),
        ("extra", json!(1)),
        ("resources", json!([{"type": "x"}])),
        ("resources", json!([resource("more")])),
        ("resources", json!(vec![resource("slug"); 201])),
    ] {
        let response = create_eve(&admin).with(field, value).await;
        response.assert("400 invalid-request");
    }
    let long_key = create_eve(&admin).idempotency_key(&"k".repeat(129));
    long_key.await.assert("400 invalid-request");
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn an_invited_user_gets_one_email_sets_a_password_and_is_signed_in() {
    let world = World::start().await;
    let admin = world.client();
    let user = invite_eve(&admin)
        .idempotency_key("one")
        .await
        .assert("201")
        .json();
    assert_eq!(user["status"], "invited");
    let again = invite_eve(&admin).idempotency_key("one").await;
    assert_eq!(again.json(), user);
    let emails = world.emails().await;
    assert_eq!((emails.len(), &*emails[0].to), (1, EVE));
    assert!(emails[0].path().starts_with(ACTIVATE));

    let eve = world.client();
    eve.activate(&emails[0].token(), PASSWORD)
        .await
        .assert("200");
    let id = eve.me().await.assert("200").id();
    assert_eq!(json!(id), user["id"]);

    let shown = admin.get_user(&id).await.json();
    assert_eq!(shown["status"], "active");
    assert_eq!(shown["last_sign_in_at"], "2026-11-21T14:00:00Z");
    let email = &shown["emails"][0];
    assert_eq!(email["kind"], "invitation");
    assert_eq!(email["template"], "activation");
    assert_eq!(email["status"], "sent");
    assert_eq!(email["attempts"], 1);
}

#[tokio::test]
async fn with_activation_by_link_the_invitation_signs_in_and_activates() {
    let world = World::with(&[("Activation", "link")]).await;
    let invited = invite_eve(&world.client()).await;
    assert_eq!(invited.json()["status"], "invited");
    let eve = world.client();
    let email = world.latest_email().await;
    assert!(email.path().starts_with(VERIFY), "{}", email.path());
    eve.verify_link(&email.token()).await.assert("200");
    eve.me().await.assert("200");
    assert_eq!(world.user_row(EVE)["status"]["S"], "active");
}

#[tokio::test]
async fn an_idempotency_key_never_brings_an_erased_user_back() {
    let world = World::start().await;
    let admin = world.client();
    let id = invite_eve(&admin).idempotency_key("one").await.id();
    let token = world.latest_email().await.token();
    admin.erase_user(&id).await.assert("204");
    let before = world.snapshot();
    let repeated = invite_eve(&admin).idempotency_key("one").await;
    repeated.assert("409 already-exists");
    let response = world.client().activate(&token, PASSWORD).await;
    response.assert("400 invalid-token");
    assert_eq!(world.snapshot(), before);
    let new = invite_eve(&admin)
        .idempotency_key("two")
        .await
        .assert("201");
    assert_ne!(new.id(), id);
}
