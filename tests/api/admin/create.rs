//! `POST /admin/users`: creating and inviting users.

use super::{assert_actor, create_eve};
use futures_util::future::join_all;
use kit::routes::{ACTIVATE, VERIFY};
use kit::{ADA, ApiClient, ApiRequest, PASSWORD, World, hours, mins};
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
async fn the_same_idempotency_key_returns_the_same_user_and_a_new_key_conflicts() {
    let world = World::start().await;
    let admin = world.client();
    let first = create_eve(&admin).idempotency_key("order 66").await;
    let before = world.snapshot();
    world.clock.advance(mins(3));
    // Another spelling of the same fields.
    let again = create_eve(&admin)
        .with("email", " eve@example.COM")
        .idempotency_key("order 66");
    assert_eq!(again.await.assert("201").json(), first.json());
    for conflict in [
        create_eve(&admin),
        create_eve(&admin).idempotency_key("order 67"),
    ] {
        conflict.await.assert("409 already-exists");
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn an_idempotency_key_is_for_one_body() {
    let world = World::start().await;
    let admin = world.client();
    create_eve(&admin).idempotency_key("one").await;
    let before = world.snapshot();
    let resource = json!({"type": "status-page", "id": "7", "name": "Search", "slug": "other"});
    for (field, value) in [
        ("email", json!("mallory@example.com")),
        ("email", json!(ADA)),
        ("name", json!("Eva")),
        ("role", json!("")),
        ("status", json!("invited")),
        ("resources", json!([])),
        ("resources", json!([resource])),
    ] {
        let other = create_eve(&admin).with(field, value).idempotency_key("one");
        other.await.assert("422 idempotency-key-reused");
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn a_repeat_is_compared_with_the_request_and_not_with_what_the_user_became() {
    let world = World::start().await;
    let admin = world.client();
    let create = || create_eve(&admin).idempotency_key("one");
    let id = create().await.id();
    let changed = admin
        .update_user(&id)
        .with("email", "eva@example.com")
        .with("name", "Eva")
        .await
        .assert("200")
        .json();
    world.settle().await;
    let before = world.snapshot();
    assert_eq!(create().await.assert("201").json(), changed);
    let as_changed = create()
        .with("email", "eva@example.com")
        .with("name", "Eva");
    as_changed.await.assert("422 idempotency-key-reused");
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn an_idempotency_key_that_is_not_printable_ascii_is_refused() {
    let world = World::start().await;
    let admin = world.client();
    let before = world.snapshot();
    for key in [
        &b""[..],
        &[b'k'; 129],
        "ключ".as_bytes(),
        "schlüssel".as_bytes(),
        b"schl\xfcssel",
        b"\xff",
        b"one\ttwo",
    ] {
        let request = create_eve(&admin).header("idempotency-key", key);
        let refused = request.await.assert("400 invalid-request");
        let detail = refused.json()["detail"].to_string();
        assert!(detail.contains("Idempotency-Key"), "{key:?}: {detail}");
    }
    assert_eq!(world.snapshot(), before);
    for key in ["k", &"~".repeat(128)] {
        let email = format!("{}@example.com", key.len());
        let request = admin.create_user(&email, "Name").idempotency_key(key);
        request.await.assert("201");
    }
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
    let erased = async || {
        let repeated = invite_eve(&admin).idempotency_key("one").await;
        repeated.assert("409 already-exists");
        let response = world.client().activate(&token, PASSWORD).await;
        response.assert("400 invalid-token");
    };
    erased().await;
    assert_eq!(world.snapshot(), before);
    let new = invite_eve(&admin)
        .idempotency_key("two")
        .await
        .assert("201");
    assert_ne!(new.id(), id);
    erased().await;

    // The tombstone outlives the audit, and holds no personal data.
    world.clock.advance(hours(24 * 500));
    world.portal.sweep_ttl().unwrap();
    assert!(world.audit("partner.erased").is_empty());
    let repeated = invite_eve(&admin).idempotency_key("one").await;
    repeated.assert("409 already-exists");
    let mut rows = world.rows("users");
    rows.retain(|row| row["pk"]["S"] == json!(format!("user#{id}")));
    let erased_at = json!({"N": "1795269600000"});
    assert_eq!(rows, [json!({"pk": rows[0]["pk"], "erased_at": erased_at})]);
}

#[tokio::test]
async fn every_new_user_starts_at_another_epoch() {
    let world = World::start().await;
    let admin = world.client();
    let epoch = || {
        let row = world.user_row(EVE);
        let epoch = row["epoch"]["N"].as_str().map(str::parse::<u64>);
        epoch.unwrap().unwrap()
    };
    let mut epochs = vec![];
    for _ in 0..10 {
        let id = create_eve(&admin).await.id();
        epochs.push(epoch());
        admin.erase_user(&id).await.assert("204");
        admin
            .import_users(json!([{"email": EVE, "name": "Eve"}]))
            .await
            .assert("200");
        epochs.push(epoch());
        admin.erase_user(&world.user_id(EVE)).await.assert("204");
    }
    epochs.sort_unstable();
    epochs.dedup();
    assert_eq!(epochs.len(), 20);
    assert!(epochs.iter().all(|epoch| *epoch < 1 << 53), "{epochs:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_wins_over_concurrent_repeats_of_the_creation() {
    let world = World::start().await;
    let admin = world.client();
    for round in 0..20 {
        let email = format!("eve{round}@example.com");
        let create = || {
            let request = admin.create_user(&email, "Eve").status("active");
            request.idempotency_key(&email)
        };
        let id = create().await.assert("201").id();
        let link = world.client().receive_login_email(&email).await.token();
        let erase = admin.erase_user(&id).into_future();
        let repeats = [create(), create(), create()].map(IntoFuture::into_future);
        let (erased, repeated) = futures_util::join!(erase, join_all(repeats));
        erased.assert("204");
        for response in repeated {
            assert!(
                ["201", "409 already-exists"].contains(&&*response.outcome()),
                "{response:?}"
            );
        }
        admin.get_user(&id).await.assert("404 not-found");
        create().await.assert("409 already-exists");
        let old = world.client().verify_link(&link).await;
        old.assert("400 invalid-token");
    }
    assert_eq!(world.audit("partner.added").len(), 20);
}
