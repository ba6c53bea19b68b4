//! Counters in shards, and small rows: they let a portal take many sign-ins a second.

use kit::{ADA, GRACE, PASSWORD, World, secs};
use serde_json::json;
use shared::domain::rate_limit::{RateLimit, RateLimitScope};
use shared::domain::time::DAY;

/// Sets what one shard of a budget has counted today.
fn set_count(world: &World, scope: RateLimitScope, shard: &[&str], count: u64) {
    let key = world.key_ring().keyed_hash(&[&["portal"], shard].concat());
    let pk = RateLimit::every(DAY, scope, key, 1).item_key(world.clock.now());
    let row = json!({
        "pk": {"S": pk}, "count": {"N": count.to_string()}, "expires_at": {"N": "9999999999"},
    });
    world.put_row("rate-limits", &row);
}

fn statuses(world: &World) -> Vec<String> {
    let rows = world.rows("emails");
    let text = |name: &str, row: &serde_json::Value| row[name]["S"].as_str().unwrap().to_owned();
    let mut rows: Vec<_> = rows
        .iter()
        .map(|row| (text("sk", row), text("status", row)))
        .collect();
    rows.sort();
    rows.into_iter().map(|(_, status)| status).collect()
}

async fn request_emails(world: &World, count: usize) {
    for _ in 0..count {
        world.client().request_login(ADA).await.assert("200");
        world.clock.advance(secs(1));
    }
    world.settle().await;
}

#[tokio::test]
async fn a_budget_in_shards_is_used_up_to_the_last_email_and_never_exceeded() {
    use RateLimitScope::PortalEmails;
    let world = World::with(&[("EmailsPerDayPortal", "4001")]).await;
    set_count(&world, PortalEmails, &[], 2000);
    set_count(&world, PortalEmails, &["1"], 1993);
    request_emails(&world, 12).await;
    let statuses = statuses(&world);
    assert_eq!(statuses[..8], ["sent"; 8]);
    assert_eq!(statuses[8..], ["throttled"; 4]);
    let reasons = world.rows("emails");
    let throttled = reasons
        .iter()
        .filter(|row| row["status"]["S"] == "throttled");
    assert!(
        throttled
            .into_iter()
            .all(|row| row["reason"]["S"] == "portal-budget")
    );
    let counters = world.rows("rate-limits").into_iter();
    let counters = counters.filter(|row| row["pk"]["S"].as_str().unwrap().starts_with("portal-"));
    let counted = counters.map(|row| row["count"]["N"].as_str().unwrap().parse::<u64>().unwrap());
    assert_eq!(counted.sum::<u64>(), 4001);
}

#[tokio::test]
async fn an_invitation_waits_only_when_all_shards_are_full() {
    use RateLimitScope::Invitations;
    let world = World::with(&[("EmailsPerDayPortal", "4000")]).await;
    let admin = world.client();
    set_count(&world, Invitations, &[], 2000);
    set_count(&world, Invitations, &["1"], 1999);
    let eve = admin
        .create_user("eve@example.com", "Eve")
        .await
        .assert("201");
    assert!(
        eve.json().get("invitation_waits_until").is_none(),
        "{}",
        eve.body
    );
    world.settle().await;
    let bob = admin
        .create_user("bob@example.com", "Bob")
        .await
        .assert("201");
    assert_eq!(bob.json()["invitation_waits_until"], "2026-11-22T00:00:00Z");
    assert_eq!(statuses(&world), ["sent", "queued"]);
}

#[tokio::test]
async fn a_right_password_leaves_nothing_in_the_row_of_its_network() {
    let world = World::with_cheap_hashes(&[]).await;
    world.set_password(ADA, PASSWORD).await;
    let client = world.client();
    let attributes = || {
        let rows = world.rows("rate-limits").into_iter();
        let mut of_network = rows.filter(|row| {
            row["pk"]["S"]
                .as_str()
                .unwrap()
                .starts_with("password-network#")
        });
        let row = of_network.next().unwrap();
        (row.as_object().unwrap().len(), row["count"]["N"].clone())
    };
    client.sign_in(ADA, PASSWORD).await.assert("200");
    // The key, the count and the time to live.
    assert_eq!(attributes(), (3, json!("0")));
    let client = client.neighbor();
    client
        .sign_in(ADA, "wrong")
        .await
        .assert("401 invalid-credentials");
    client.sign_in(ADA, PASSWORD).await.assert("200");
    assert_eq!(attributes(), (4, json!("1")));
    client
        .neighbor()
        .sign_in(GRACE, "wrong")
        .await
        .assert("401 invalid-credentials");
    assert_eq!(attributes(), (5, json!("2")));
}

#[tokio::test]
async fn emails_that_an_earlier_version_queued_are_swept() {
    let world = World::start().await;
    let client = world.client();
    for _ in 0..4 {
        client.neighbor().request_login(ADA).await.assert("200");
        world.clock.advance(secs(61));
    }
    world.settle().await;
    for mut row in world.rows("emails") {
        row["status"] = json!({"S": "queued"});
        row["unfinished"] = json!({"S": "email"});
        row["link_id"] = json!({"S": kit_link(&row)});
        world.put_row("emails", &row);
    }
    world.sweep().await;
    assert_eq!(statuses(&world), ["sent"; 4]);
    assert_eq!(world.portal.inbox().len(), 8);
}

/// Returns an id of a link that nobody has yet.
fn kit_link(row: &serde_json::Value) -> String {
    let id = row["link_id"]["S"].as_str().unwrap();
    id.chars().rev().collect()
}

#[tokio::test]
async fn the_last_sign_in_that_an_earlier_version_stored_is_shown_and_counts() {
    let world = World::with(&[kit::ALL_NOTICES]).await;
    world.set_attribute(ADA, "last_sign_in_at", &json!({"N": "1795000000000"}));
    let admin = world.client();
    let id = world.user_id(ADA);
    let shown = admin.get_user(&id).await.json();
    assert_eq!(shown["last_sign_in_at"], "2026-11-18T11:06:40Z");
    world.client().sign_in_by_link(ADA).await;
    let emails = world.emails().await;
    assert_eq!(emails.last().unwrap().subject, "New sign-in to Partner");
    let shown = admin.get_user(&id).await.json();
    assert_eq!(shown["last_sign_in_at"], "2026-11-21T14:00:00Z");
    // The index by address keeps its entry as it is.
    assert_eq!(world.user_row(ADA)["last_sign_in_at"]["N"], "1795000000000");
}
