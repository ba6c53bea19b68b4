//! `GET /admin/emails?address=` and `POST /admin/emails/lift`: what became of each email.

use super::assert_actor;
use super::history::all_pages;
use kit::{ADA, GRACE, World, hours, mins, secs};
use local::aws_stub::Fault;
use serde_json::{Value, json};
use shared::domain::audit::{Action, AuditEvent, Target};
use shared::domain::client::ClientInfo;
use shared::domain::email::{
    EmailEvent, EmailEventKind, OutboxKey, Suppression, SuppressionReason,
};
use shared::domain::ids::{KeyedHash, RecordId};
use shared::domain::portal::PortalName;

/// Returns the stories of the emails to an address, newest first, each event as `event: detail`.
pub(super) async fn stories(world: &World, address: &str) -> Vec<Vec<String>> {
    let page = world.client().list_emails_to(address).await;
    let page = page.assert("200").json();
    let emails = page["emails"].as_array().unwrap().iter();
    emails.map(story_of).collect()
}

fn story_of(email: &Value) -> Vec<String> {
    let shown = |event: &Value| {
        let name = event["event"].as_str().unwrap();
        event["detail"]
            .as_str()
            .map_or_else(|| name.to_owned(), |detail| format!("{name}: {detail}"))
    };
    email["story"]
        .as_array()
        .unwrap()
        .iter()
        .map(shown)
        .collect()
}

/// Returns the newest email to an address as the API shows it.
pub(crate) async fn newest(world: &World, address: &str) -> Value {
    let page = world.client().list_emails_to(address).await;
    page.assert("200").json()["emails"][0].clone()
}

/// Records an event of the provider about the newest email to an address.
pub(crate) async fn report(world: &World, address: &str, kind: EmailEventKind, words: &str) {
    let email = newest(world, address).await;
    let key = OutboxKey {
        to: hash(world, address),
        id: RecordId::parse(email["id"].as_str().unwrap()).unwrap(),
    };
    let store = world.portal.store().unwrap();
    let event = EmailEvent::new(world.clock.now(), kind, words);
    let recorded = store.record_email_event(&key, &event, "m-1").await;
    assert_eq!(recorded, Ok(true));
}

fn hash(world: &World, address: &str) -> KeyedHash {
    let address = shared::domain::address::EmailAddress::parse(address).unwrap();
    world.key_ring().address_hash(&address)
}

/// Suppresses an address, as an event of the provider does.
pub(crate) async fn suppress(world: &World, address: &str) {
    let now = world.clock.now();
    let to = hash(world, address);
    let suppression = Suppression {
        since: now,
        reason: SuppressionReason::HardBounce,
        detail: "smtp; 550 5.1.1 no such user".to_owned(),
    };
    let event = AuditEvent {
        portal: PortalName::parse("partner").unwrap(),
        action: Action::AddressSuppressed,
        subject: to.into(),
        target: Target::Address(to),
        metadata: vec![],
        client: ClientInfo::default(),
        at: now,
        expires_at: now.plus(hours(1)),
    };
    let store = world.portal.store().unwrap();
    let suppressed = store.suppress_address(&to, &suppression, &event).await;
    assert_eq!(suppressed, Ok(true));
}

#[tokio::test]
async fn the_story_is_in_order_from_the_request_to_the_use_of_the_link() {
    let world = World::start().await;
    let ada = world.client();
    let email = ada.receive_login_email(ADA).await;
    world.clock.advance(secs(2));
    report(&world, ADA, EmailEventKind::Delayed, "421 try again").await;
    world.clock.advance(secs(2));
    report(&world, ADA, EmailEventKind::Delivered, "250 ok").await;
    world.clock.advance(secs(2));
    ada.verify_link(&email.token()).await.assert("200");
    let email = newest(&world, ADA).await;
    let message = email["message_id"].as_str().unwrap();
    assert_eq!(
        story_of(&email),
        [
            format!("requested: Firefox on Windows, {}", ada.ip()).as_str(),
            "claimed: sign-in",
            &format!("sent: {message}"),
            "delayed: 421 try again",
            "delivered: 250 ok",
            "link-used",
        ]
    );
    let times: Vec<_> = email["story"].as_array().unwrap().iter().collect();
    assert_eq!(times[0]["at"], "2026-11-21T14:00:00Z");
    assert_eq!(times[5]["at"], "2026-11-21T14:00:06Z");
    assert_eq!(email["status"], "delivered");
}

#[tokio::test]
async fn what_the_provider_says_comes_after_the_sending_whatever_its_clock_says() {
    let world = World::start().await;
    world.clock.advance(mins(1));
    world.client().receive_login_email(ADA).await;
    let email = newest(&world, ADA).await;
    let key = OutboxKey {
        to: hash(&world, ADA),
        id: RecordId::parse(email["id"].as_str().unwrap()).unwrap(),
    };
    let early = world.clock.now().minus(secs(30));
    let store = world.portal.store().unwrap();
    let event = EmailEvent::new(early, EmailEventKind::Delayed, "421 try again");
    let recorded = store.record_email_event(&key, &event, "m-1").await;
    assert_eq!(recorded, Ok(true));
    let story = stories(&world, ADA).await.remove(0);
    assert_eq!(story.last().unwrap(), "delayed: 421 try again");
}

#[tokio::test]
async fn a_notice_that_was_reported_says_so() {
    let world = World::start().await;
    let admin = world.client();
    let changed = admin.update_user(&world.user_id(ADA));
    changed
        .with("email", "ada@king.example")
        .await
        .assert("200");
    let notices = world.emails().await;
    let notice = notices.iter().find(|email| email.to == ADA).unwrap();
    world.client().report(&notice.token()).await.assert("200");
    let story = stories(&world, ADA).await.remove(0);
    assert_eq!(story[..2], ["requested", "claimed: address-changed"]);
    assert_eq!(story[3..], ["link-used"]);
}

#[tokio::test]
async fn a_used_link_is_told_as_long_as_its_email() {
    let world = World::with(&[("EmailDays", "30")]).await;
    world.client().sign_in_by_link(ADA).await;
    world.clock.advance(secs(1));
    world.client().receive_login_email(ADA).await;
    for day in 0..30 {
        world.portal.sweep_ttl().unwrap();
        let stories = stories(&world, ADA).await;
        let has_use = |story: &Vec<String>| story.last().unwrap() == "link-used";
        assert_eq!(
            stories.iter().map(has_use).collect::<Vec<_>>(),
            [false, true],
            "{day}"
        );
        world.clock.advance(hours(24));
    }
    world.clock.advance(mins(1));
    world.portal.sweep_ttl().unwrap();
    assert_eq!(stories(&world, ADA).await, Vec::<Vec<String>>::new());
    // The link could still end its session, if that lived longer than the email.
    assert_eq!(world.rows("links").len(), 1);
    world.clock.advance(hours(24));
    world.portal.sweep_ttl().unwrap();
    assert!(world.rows("links").is_empty());
}

#[tokio::test]
async fn what_was_not_sent_says_why() {
    let world = World::with(&[("EmailsPerHour", "1")]).await;
    let client = world.client();
    client
        .request_login("nobody@example.com")
        .await
        .assert("200");
    world.client().receive_login_email(ADA).await;
    world.clock.advance(secs(1));
    world.client().request_login(ADA).await.assert("200");
    world.settle().await;
    let dropped = stories(&world, "nobody@example.com").await.remove(0);
    assert_eq!(dropped[1..], ["dropped: no-account"]);
    let throttled = stories(&world, ADA).await.remove(0);
    assert_eq!(throttled[1..], ["throttled: address-budget"]);
    suppress(&world, GRACE).await;
    world.client().request_login(GRACE).await.assert("200");
    world.settle().await;
    let suppressed = stories(&world, GRACE).await.remove(0);
    assert_eq!(suppressed[1..], ["suppressed: address-suppressed"]);
}

#[tokio::test]
async fn an_invitation_has_no_client_and_says_until_when_it_waits() {
    let world = World::with(&[("EmailsPerDayPortal", "1")]).await;
    let admin = world.client();
    for name in ["eve", "bob"] {
        let address = format!("{name}@example.com");
        admin.create_user(&address, name).await.assert("201");
        world.settle().await;
    }
    let sent = stories(&world, "eve@example.com").await.remove(0);
    assert_eq!(sent[..2], ["requested", "claimed: activation"]);
    let waiting = stories(&world, "bob@example.com").await.remove(0);
    assert_eq!(
        waiting,
        ["requested", "waiting: until 2026-11-22T00:00:00Z"]
    );
}

#[tokio::test]
async fn a_users_emails_have_the_same_stories() {
    let world = World::start().await;
    world.client().sign_in_by_link(ADA).await;
    world.client().receive_login_email(ADA).await;
    let admin = world.client();
    let of_address = admin.list_emails_to("  ADA@Example.com").await.json();
    let of_user = admin.list_emails(&world.user_id(ADA)).await.json();
    assert_eq!(of_user["emails"], of_address["emails"]);
    assert_eq!(of_user["emails"].as_array().unwrap().len(), 2);
    assert!(of_user.get("suppression").is_none());
    assert_eq!(of_address["suppression"], json!(null));
}

#[tokio::test]
async fn the_emails_to_an_address_are_paged_and_narrowed_down() {
    let world = World::start().await;
    let admin = world.client();
    for _ in 0..5 {
        world.client().receive_login_email(ADA).await;
        world.clock.advance(mins(61));
    }
    let all = admin.list_emails_to(ADA).await.assert("200").json();
    let pages = all_pages(admin.list_emails_to(ADA).query("limit", "2")).await;
    let lengths: Vec<_> = pages.iter().map(Vec::len).collect();
    assert_eq!(lengths, [2, 2, 1]);
    assert_eq!(json!(pages.concat()), all["emails"]);
    let early = admin
        .list_emails_to(ADA)
        .query("to", "2026-11-21T15:30:00Z");
    let early = early.await.assert("200").json();
    assert_eq!(early["emails"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_suppressed_address_is_shown_and_lifted_and_the_next_email_is_sent() {
    let world = World::start().await;
    let admin = world.client();
    suppress(&world, ADA).await;
    let page = admin.list_emails_to(ADA).await.assert("200").json();
    let expected = json!({
        "since": "2026-11-21T14:00:00Z", "reason": "hard-bounce",
        "detail": "smtp; 550 5.1.1 no such user",
    });
    assert_eq!(page["suppression"], expected);
    world.client().request_login(ADA).await.assert("200");
    world.settle().await;
    assert!(world.emails().await.is_empty());

    let lifted = admin
        .lift_suppression(" Ada@EXAMPLE.com ")
        .await
        .assert("200");
    assert_eq!(lifted.json(), json!({"success": true, "lifted": true}));
    let again = admin.lift_suppression(ADA).await.assert("200");
    assert_eq!(again.json(), json!({"success": true, "lifted": false}));
    let page = admin.list_emails_to(ADA).await.assert("200").json();
    assert_eq!(page["suppression"], json!(null));
    let records = world.audit("partner.email.suppression.lifted");
    assert_eq!(records.len(), 1);
    assert_actor(&records[0]);
    assert!(!json!(records).to_string().contains(ADA));
    world.client().receive_login_email(ADA).await;
    let shown = admin.list_audit(&world.user_id(ADA)).await.json();
    let actions = shown["audit"].as_array().unwrap().iter();
    let mut actions = actions.map(|record| record["action"].as_str().unwrap());
    assert!(actions.any(|action| action == "partner.email.suppression.lifted"));
}

#[tokio::test]
async fn an_unknown_address_has_no_emails_and_hostile_input_is_refused() {
    let world = World::start().await;
    let admin = world.client();
    let before = world.snapshot();
    let page = admin
        .list_emails_to("nobody@example.com")
        .await
        .assert("200");
    assert_eq!(page.json(), json!({"emails": [], "suppression": null}));
    for address in [
        "",
        "ada",
        "ada@",
        "ada@example",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com,eve@example.com",
        "Ada <ada@example.com>",
        "=?utf-8?q?a?=@example.com",
        "suppression",
        &format!("{}@example.com", "a".repeat(5000)),
    ] {
        let list = admin.list_emails_to(address).await;
        assert_eq!(
            list.assert("400 invalid-request").json()["field"],
            "address"
        );
        for request in [
            admin.lift_suppression(address),
            admin.redrive_email(address, "01a1fe682300-b30c531e93ed997d"),
        ] {
            let response = request.await.assert("400 invalid-request").json();
            assert_eq!(response["field"], "email");
        }
    }
    let list = admin.list_emails_to(ADA);
    for wrong in [
        list.clone().query("status", "held"),
        list.clone().query("after", "x"),
        list.clone().query("from", "yesterday"),
        admin.admin_request(reqwest::Method::GET, kit::routes::EMAILS),
        admin
            .list_held_emails()
            .query("from", "2026-11-21T14:00:00Z"),
        admin.list_held_emails().query("after", "x"),
        admin.list_held_emails().query("limit", "0"),
        admin
            .admin_request(reqwest::Method::GET, kit::routes::EMAILS)
            .query("status", "sent"),
    ] {
        wrong.await.assert("400 invalid-request");
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn nothing_is_left_of_an_erased_users_emails() {
    let world = World::start().await;
    world.client().sign_in_by_link(ADA).await;
    let id = world.user_id(ADA);
    world.client().erase_user(&id).await.assert("204");
    assert_eq!(stories(&world, ADA).await, Vec::<Vec<String>>::new());
    assert!(world.rows("links").is_empty());
    let of_user = world.client().list_emails(&id).await;
    of_user.assert("404 not-found");
}

#[tokio::test]
async fn the_list_needs_both_tables() {
    let world = World::start().await;
    world.client().sign_in_by_link(ADA).await;
    for table in ["emails", "links"] {
        world.inject(Fault::FailBefore, move |call| {
            call.function == "emails" && call.tables.iter().any(|one| one == table)
        });
        let list = world.client().list_emails_to(ADA).await;
        list.assert("503 unavailable");
    }
}
