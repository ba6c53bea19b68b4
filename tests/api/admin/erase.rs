//! `DELETE /admin/users/{id}`: erasing users.

use super::assert_actor;
use kit::{ADA, World, mins};
use local::aws_stub::Fault;
use serde_json::{Value, json};
use shared::domain::ids::SessionHash;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Copies a row sixty times, more than one page, each under a sort key of its own: emails become
/// older, audit records newer.
fn copy(world: &World, table: &str, row: &Value) {
    for n in 0..60 {
        let name = SessionHash::from_bytes([n; 32]).to_string();
        let mut row = row.clone();
        row["sk"]["S"] = match table {
            "emails" => json!(format!("00{name}")),
            "audit" => json!(format!("zz{name}")),
            _ => json!(name),
        };
        world.put_row(table, &row);
    }
}

/// Asserts that an address is in no table.
#[track_caller]
fn assert_address_is_nowhere(world: &World, email: &str) {
    for table in [
        "users",
        "links",
        "sessions",
        "emails",
        "audit",
        "rate-limits",
    ] {
        let rows = json!(world.rows(table)).to_string();
        assert!(!rows.contains(email), "{email} is in {table}");
    }
}

/// Asserts that the only email left is an invitation.
#[track_caller]
fn assert_only_invitation_left(world: &World) {
    let rows = world.rows("emails");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["kind"]["S"], "invitation");
}

#[tokio::test]
async fn only_the_audit_remains_of_an_erased_user_and_the_address_is_free() {
    let world = World::start().await;
    let admin = world.client();
    let here = world.client();
    let requester = world.client();
    here.sign_in_by_link(ADA).await;
    let token = requester.receive_login_email(ADA).await.token();
    let id = world.user_id(ADA);
    let audit = world.rows("audit").len();
    copy(&world, "sessions", &world.rows("sessions")[0]);
    copy(&world, "emails", &world.rows("emails")[0]);
    assert_eq!(admin.erase_user(&id).await.assert("204").body, "");

    let users = world.rows("users").len();
    assert_eq!(users, 3, "Grace's row and claim, and Ada's tombstone");
    assert!(world.rows("sessions").is_empty() && world.rows("emails").is_empty());
    assert_eq!(world.rows("audit").len(), audit + 1);
    let record = world.audit("partner.erased").remove(0);
    assert_eq!(record["pk"]["S"], id);
    assert_eq!(record["resource_id"]["S"], id);
    assert_actor(&record);
    assert_address_is_nowhere(&world, ADA);

    let before = world.snapshot();
    let is_signed_out = async || {
        here.me().await.assert("401 not-authenticated");
        requester
            .verify_link(&token)
            .await
            .assert("400 invalid-token");
    };
    is_signed_out().await;
    for request in [
        admin.get_user(&id),
        admin.update_user(&id).status("active"),
        admin.resend_invitation(&id),
        admin.revoke_user_sessions(&id),
    ] {
        request.await.assert("404 not-found");
    }
    admin.erase_user(&id).await.assert("204");
    assert_eq!(world.snapshot(), before);

    let response = admin.create_user(ADA, "Ada").status("active").await;
    response.assert("201");
    is_signed_out().await;
}

#[tokio::test]
async fn an_interrupted_erasure_is_resumed_and_leaves_the_next_owners_email_alone() {
    let world = World::start().await;
    let admin = world.client();
    let ada = world.client();
    ada.sign_in_by_link(ADA).await;
    let id = world.user_id(ADA);
    world.inject(Fault::FailBefore, |call| call.operation == "BatchWriteItem");
    admin.erase_user(&id).await.assert("503 unavailable");
    ada.me().await.assert("401 not-authenticated");
    assert_eq!(world.rows("sessions").len(), 1);
    assert_eq!(world.rows("emails").len(), 1);
    // A long history after the erasure does not hide it.
    copy(&world, "audit", &world.audit("partner.login")[0]);

    world.clock.advance(mins(1));
    admin.create_user(ADA, "Another Ada").await.assert("201");
    world.settle().await;
    world.clear_fault();
    admin.erase_user(&id).await.assert("204");
    assert!(world.rows("sessions").is_empty());
    assert_only_invitation_left(&world);
    assert_eq!(world.audit("partner.erased").len(), 1);
}

#[tokio::test]
async fn emails_to_former_addresses_are_erased_and_those_to_their_next_owners_are_kept() {
    let world = World::start().await;
    let admin = world.client();
    world.client().sign_in_by_link(ADA).await;
    let id = world.user_id(ADA);
    let change = async |email: &str, status: &str| {
        world.clock.advance(mins(1));
        let request = admin.update_user(&id).with("email", email);
        request.status(status).await.assert("200");
        world.settle().await;
    };
    change("ada@example.org", "active").await;
    change("ada@example.net", "suspended").await;
    world.clock.advance(mins(1));
    admin.create_user(ADA, "Another Ada").await.assert("201");
    world.settle().await;
    // A link, two notices of each change, and an invitation.
    assert_eq!(world.rows("emails").len(), 6);

    admin.erase_user(&id).await.assert("204");
    assert_only_invitation_left(&world);
    assert_address_is_nowhere(&world, "ada@example.org");
    assert_address_is_nowhere(&world, "ada@example.net");
}

#[tokio::test]
async fn unprocessed_items_of_a_batch_are_deleted_nevertheless() {
    for table in ["sessions", "links", "emails"] {
        let world = World::start().await;
        world.client().sign_in_by_link(ADA).await;
        let met = AtomicUsize::new(0);
        world.portal.set_fault(move |call| {
            let is_batch = call.operation == "BatchWriteItem" && call.tables == [table];
            if is_batch && met.fetch_add(1, Ordering::SeqCst) < 2 {
                let unprocessed = json!({"UnprocessedItems": call.body["RequestItems"]});
                Fault::Reply(200, unprocessed.to_string())
            } else {
                Fault::None
            }
        });
        let response = world.client().erase_user(&world.user_id(ADA)).await;
        response.assert("204");
        for table in ["sessions", "links", "emails"] {
            assert!(world.rows(table).is_empty(), "{table}");
        }
    }
}

#[tokio::test]
async fn no_link_of_an_erased_user_brings_them_back_by_a_sign_up() {
    let world = World::with(&[("Activation", "link"), ("SelfSignUp", "on")]).await;
    let [first, second] = [(); 2].map(|()| world.client());
    let email = "eve@example.com";
    first.sign_up(email, "Eve").await.assert("200");
    let used = world.latest_email().await.token();
    second.sign_up(email, "Eve").await.assert("200");
    let unused = world.latest_email().await.token();
    first.verify_link(&used).await.assert("200");
    let id = world.user_id(email);
    world.client().erase_user(&id).await.assert("204");
    second
        .verify_link(&unused)
        .await
        .assert("400 invalid-token");
    assert_eq!(world.user_id(email), "");
    assert_address_is_nowhere(&world, email);
}
