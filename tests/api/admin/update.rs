//! `PATCH /admin/users/{id}`: changing users.

use super::assert_actor;
use futures_util::future::join_all;
use kit::{ADA, PASSWORD, World, mins, table_name};
use local::Options;
use local::aws_stub::Fault;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test]
async fn only_the_given_fields_change_and_the_session_goes_on() {
    let world = World::start().await;
    let admin = world.client();
    let ada = world.client();
    ada.sign_in_by_link(ADA).await;
    let before = ada.me().await.json();
    let resources = json!([{"type": "status-page", "id": "9", "name": "Mail", "slug": "mail"}]);
    let request = admin
        .update_user(&world.user_id(ADA))
        .with("name", "Ada King");
    let changed = request
        .with("resources", resources.clone())
        .await
        .assert("200")
        .json();
    assert_eq!(changed["name"], "Ada King");
    assert_eq!(changed["resources"], resources);
    assert_eq!(changed["role"], before["role"]);
    let me = ada.me().await.json();
    assert_eq!(me["name"], "Ada King");
    assert_eq!(me["resources"], resources);
    assert_eq!(me["id"], before["id"]);
    let record = world.audit("partner.changed").remove(0);
    assert_actor(&record);
    assert_eq!(record["metadata"]["M"]["changed"]["S"], "name, resources");
    assert!(!record.to_string().contains("Ada King"));

    let request = admin.update_user(&world.user_id(ADA)).with("role", "");
    request.with("resources", json!([])).await.assert("200");
    let me = ada.me().await.json();
    assert_eq!((&me["role"], &me["resources"]), (&json!(""), &json!([])));
    // Only a new address is announced.
    assert_eq!(world.emails().await.len(), 1);
}

#[tokio::test]
async fn values_that_are_current_already_write_nothing() {
    let world = World::start().await;
    let ada = world.client();
    ada.sign_in_by_link(ADA).await;
    let before = world.snapshot();
    let admin = world.client();
    let same = admin
        .update_user(&world.user_id(ADA))
        .with("name", "Ada Lovelace")
        .with("email", "ADA@example.com")
        .with("role", "partner")
        .status("active");
    assert_eq!(same.await.assert("200").json()["email"], ADA);
    assert_eq!(world.snapshot(), before);
    ada.me().await.assert("200");
}

#[tokio::test]
async fn an_invalid_change_is_refused_and_nothing_is_written() {
    let world = World::start().await;
    let admin = world.client();
    let id = world.user_id(ADA);
    let before = world.snapshot();
    let resource = json!({"type": "x", "id": "x", "name": "x", "slug": "x"});
    for change in [
        json!({}),
        json!({"name": null}),
        json!({"name": "Ada", "role": null}),
        json!({"name": "Ada", "status": null}),
        json!({"name": ""}),
        json!({"name": " "}),
        json!({"name": "two\nlines"}),
        json!({"name": "a".repeat(121)}),
        json!({"name": 1}),
        json!({"email": "ada"}),
        json!({"email": [ADA]}),
        json!({"email": "a@example.com\r\nBcc: x@evil.example"}),
        json!({"role": "a".repeat(61)}),
        json!({"role": null}),
        json!({"status": "invited"}),
        json!({"status": "deleted"}),
        json!({"status": null}),
        json!({"resources": {}}),
        json!({"resources": [{"type": "x", "id": "x", "name": "x"}]}),
        json!({"resources": [{"type": "x", "id": "x", "name": "x", "slug": "x\u{0}"}]}),
        json!({"resources": vec![resource; 201]}),
        json!({"id": "usr_00000000000000000000000000000001"}),
        json!({"epoch": 0}),
        json!({"password": "x"}),
    ] {
        let response = admin.update_user(&id).body(change).await;
        response.assert("400 invalid-request");
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn suspension_voids_sessions_and_links_at_once_and_reactivation_revives_none() {
    let world = World::start().await;
    let admin = world.client();
    let here = world.client();
    let requester = world.client();
    here.sign_in_by_link(ADA).await;
    let email = requester.receive_login_email(ADA).await;
    let set_status = async |status: &str, action: &str| {
        let response = admin.update_user(&world.user_id(ADA)).status(status).await;
        assert_eq!(response.assert("200").json()["status"], status);
        here.me().await.assert("401 not-authenticated");
        let response = requester.verify_link(&email.token()).await;
        response.assert("400 invalid-token");
        let response = requester.verify_code(&email.code).await;
        response.assert("400 invalid-token");
        assert_eq!(world.rows("sessions").len(), 1);
        let records = world.audit(action);
        assert_eq!(records.len(), 1);
        assert_eq!(records[0]["metadata"]["M"]["changed"]["S"], "status");
    };
    set_status("suspended", "partner.suspended").await;
    world.clock.advance(mins(2));
    world.client().request_login(ADA).await;
    // A suspended user is sent nothing.
    assert_eq!(world.emails().await.len(), 2);

    set_status("active", "partner.reactivated").await;
    world.clock.advance(mins(2));
    let new = world.client();
    new.sign_in_by_link(ADA).await;
    new.me().await.assert("200");
}

#[tokio::test]
async fn activating_or_suspending_an_invited_user_voids_the_invitation() {
    for (status, action) in [
        ("active", "partner.activated"),
        ("suspended", "partner.suspended"),
    ] {
        let world = World::start().await;
        let admin = world.client();
        let id = admin.create_user("eve@example.com", "Eve").await.id();
        let email = world.latest_email().await;
        let changed = admin.update_user(&id).status(status).await.assert("200");
        assert_eq!(changed.json()["status"], status);
        let activated = world.client().activate(&email.token(), PASSWORD).await;
        activated.assert("400 invalid-token");
        assert_eq!(world.audit(action).len(), 1);
    }
}

#[tokio::test]
async fn a_new_address_voids_sessions_and_links_and_both_addresses_are_notified() {
    let world = World::start().await;
    let admin = world.client();
    let here = world.client();
    let requester = world.client();
    here.sign_in_by_link(ADA).await;
    let email = requester.receive_login_email(ADA).await;
    let id = world.user_id(ADA);
    let changed = admin
        .update_user(&id)
        .with("email", "Ada@King.example")
        .await;
    assert_eq!(changed.assert("200").json()["email"], "ada@king.example");
    assert_eq!(world.user_id("ada@king.example"), id);
    assert_eq!(world.user_id(ADA), "");

    let mut notices = world.rows("emails");
    notices.retain(|row| row["kind"]["S"] == "address-changed");
    let mut notified: Vec<_> = notices
        .iter()
        .map(|row| row["address"]["S"].as_str())
        .collect();
    notified.sort_unstable();
    assert_eq!(notified, [Some(ADA), Some("ada@king.example")]);
    assert!(notices.iter().all(|row| row["for_user"]["S"] == json!(id)));
    assert_ne!(notices[0]["pk"], notices[1]["pk"]);
    let record = world.audit("partner.address.changed").remove(0);
    assert_eq!(record["metadata"]["M"]["changed"]["S"], "email");
    let record = record.to_string();
    assert!(
        !record.contains("king.example") && !record.contains("ada@"),
        "{record}"
    );

    here.me().await.assert("401 not-authenticated");
    let response = requester.verify_link(&email.token()).await;
    response.assert("400 invalid-token");
    world.clock.advance(mins(2));
    let emails = world.emails().await.len();
    world.client().request_login(ADA).await;
    // The old address gets no more email.
    assert_eq!(world.emails().await.len(), emails);
    let there = world.client();
    there.sign_in_by_link("ada@king.example").await;
    assert_eq!(there.me().await.id(), id);
    let another = admin.create_user(ADA, "Another Ada").status("active").await;
    another.assert("201");
}

#[tokio::test]
async fn a_new_address_of_an_invited_user_brings_an_invitation_there_and_no_notice() {
    let world = World::start().await;
    let admin = world.client();
    let id = admin.create_user("eve@exampel.com", "Eve").await.id();
    let earlier = world.latest_email().await;
    world.clock.advance(mins(1));
    let changed = admin.update_user(&id).with("email", "eve@example.com");
    assert_eq!(changed.await.assert("200").json()["status"], "invited");

    let emails = world.emails().await;
    assert_eq!(emails.len(), 2);
    assert_eq!(emails[1].to, "eve@example.com");
    assert_eq!(emails[1].subject, earlier.subject);
    let record = world.audit("partner.address.changed").remove(0);
    assert_eq!(record["metadata"]["M"]["changed"]["S"], "email");
    assert_eq!(world.audit("partner.invitation.emailed").len(), 2);
    assert!(world.audit("partner.notice.emailed").is_empty());

    let eve = world.client();
    let old = eve.activate(&earlier.token(), PASSWORD).await;
    old.assert("400 invalid-token");
    eve.activate(&emails[1].token(), PASSWORD)
        .await
        .assert("200");
}

#[tokio::test]
async fn an_invitation_that_is_on_its_way_to_a_wrong_address_is_not_sent() {
    let world = World::start().await;
    let admin = world.client();
    world.inject(Fault::FailBefore, |call| call.function == "mailer");
    let id = admin.create_user("eve@exampel.com", "Eve").await.id();
    let changed = admin.update_user(&id).with("email", "eve@example.com");
    changed.await.assert("200");
    world.clear_fault();
    world.clock.advance(mins(1));
    world.sweep().await;
    let emails = world.emails().await;
    let to: Vec<_> = emails.iter().map(|email| &*email.to).collect();
    assert_eq!(to, ["eve@example.com"]);
}

#[tokio::test]
async fn an_invited_user_whose_status_changes_with_the_address_is_sent_nothing() {
    for status in ["active", "suspended"] {
        let world = World::start().await;
        let admin = world.client();
        let id = admin.create_user("eve@exampel.com", "Eve").await.id();
        world.settle().await;
        let changed = admin.update_user(&id).with("email", "eve@example.com");
        changed.status(status).await.assert("200");
        assert_eq!(world.emails().await.len(), 1, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_simultaneous_changes_of_one_user_all_succeed() {
    let world = World::start().await;
    let admin = world.client();
    let id = world.user_id(ADA);
    let changes = (0..20).map(|n| {
        let change = admin.update_user(&id).with("name", format!("Ada {n}"));
        change.into_future()
    });
    for response in join_all(changes).await {
        response.assert("200");
    }
    assert_eq!(world.audit("partner.changed").len(), 20);
}

/// Like DynamoDB, refuses a transaction while another one is under way.
#[tokio::test(start_paused = true)]
async fn simultaneous_changes_succeed_although_their_transactions_conflict() {
    const LATENCY: Duration = Duration::from_millis(15);
    let world = World::in_step(Options::default()).await;
    let admin = world.client();
    let id = world.user_id(ADA);
    let busy_until = Mutex::new(Instant::now());
    world.portal.set_fault(move |call| {
        if call.operation != "TransactWriteItems" {
            return Fault::Delay(LATENCY / 3);
        }
        let mut busy_until = busy_until.lock().unwrap();
        if Instant::now() < *busy_until {
            return Fault::Reply(400, kit::cancelled("TransactionConflict"));
        }
        *busy_until = Instant::now() + LATENCY;
        Fault::Delay(LATENCY)
    });
    let started = Instant::now();
    let requests = (0..20).map(|n| match n % 3 {
        0 => admin.revoke_user_sessions(&id).into_future(),
        _ => {
            let change = admin.update_user(&id).with("name", format!("Ada {n}"));
            change.into_future()
        }
    });
    for response in join_all(requests).await {
        assert!([200, 204].contains(&response.status), "{response:?}");
    }
    assert!(started.elapsed() < Duration::from_secs(8));
    world.clear_fault();
    assert_eq!(world.audit("partner.changed").len(), 13);
}

#[tokio::test]
async fn the_address_of_another_user_is_refused() {
    let world = World::start().await;
    let before = world.snapshot();
    let admin = world.client();
    let both = admin
        .update_user(&world.user_id(ADA))
        .with("email", "GRACE@example.com");
    both.status("suspended").await.assert("409 already-exists");
    assert_eq!(world.snapshot(), before);
    assert!(world.emails().await.is_empty());
}

#[tokio::test]
async fn concurrent_changes_are_both_kept_and_endless_conflicts_are_answered_503() {
    for (conflicts, outcome) in [(1, "200"), (usize::MAX, "503 unavailable")] {
        let world = World::start().await;
        let id = world.user_id(ADA);
        // Just before each write, another administrator changes the name.
        let database = world.portal.database().clone();
        let user = id.clone();
        world.portal.set_fault(move |call| {
            if call.operation == "TransactWriteItems" && call.number <= conflicts {
                let update = json!({
                    "TableName": table_name("users"),
                    "Key": {"pk": {"S": format!("user#{user}")}},
                    "UpdateExpression": "SET #name = :name",
                    "ExpressionAttributeNames": {"#name": "name"},
                    "ExpressionAttributeValues": {":name": {"S": format!("Ada {}", call.number)}},
                });
                let update = serde_json::from_value(update).unwrap();
                let _updated = database.update_item(update).unwrap();
            }
            Fault::None
        });
        let response = world.client().update_user(&id).with("role", "owner").await;
        let user = response.assert(outcome).json();
        let row = world.user_row(ADA);
        if outcome == "200" {
            assert_eq!(user["name"], "Ada 1");
            assert_eq!(user["role"], "owner");
            assert_eq!(row["name"]["S"], user["name"]);
            assert_eq!(row["role"]["S"], user["role"]);
        } else {
            assert_eq!(row["role"]["S"], "partner");
            assert_eq!(world.audit("partner.changed"), Vec::<Value>::new());
        }
    }
}
