//! The events of SES move the status of an email, and a hard bounce or a complaint suppresses its
//! address.

mod hostile;
mod simulator;
mod suppression;

use kit::{ADA, World, secs};
use local::aws_stub::Fault;
use local::{Options, SesEvent};
use serde_json::{Value, json};

const DOC: &str = include_str!("../../../docs/email.md");

/// Returns the status and the reason of the newest email to `address`, as an administrator sees it.
async fn newest(world: &World, address: &str) -> (String, Value) {
    let emails = world.client().list_emails(&world.user_id(address)).await;
    let email = &emails.json()["emails"][0];
    let status = email["status"].as_str().unwrap_or_default().to_owned();
    (status, email["reason"].clone())
}

async fn create_user(world: &World, address: &str) {
    let admin = world.client();
    let created = admin.create_user(address, "Name").status("active");
    created.await.assert("201");
}

/// Returns the suppression row of the only suppressed address.
fn suppressed_row(world: &World) -> Option<Value> {
    let mut rows = world.rows("emails");
    rows.retain(|row| row["suppressed_at"].is_object());
    rows.pop()
}

/// Each event with its name in `docs/email.md`, and the words that it has here.
const EVENTS: [(SesEvent, &str, &str); 8] = [
    (
        SesEvent::Delay,
        "`DeliveryDelay`",
        "smtp; 451 4.4.1 <ada@example.com>: try again later",
    ),
    (SesEvent::Delivery, "`Delivery`", "250 2.0.0 OK"),
    (
        SesEvent::SoftBounce,
        "`Bounce`, `Transient` or `Undetermined`",
        "smtp; 452 4.2.2 <ada@example.com>: mailbox full",
    ),
    (
        SesEvent::Suppressed,
        "`Bounce` or `Complaint`, because of a list of SES",
        "OnAccountSuppressionList",
    ),
    (
        SesEvent::HardBounce,
        "`Bounce`, `Permanent`",
        "smtp; 550 5.1.1 <ada@example.com>: no such user",
    ),
    (SesEvent::Reject, "`Reject`", "Bad content"),
    (
        SesEvent::RenderingFailure,
        "`Rendering Failure`",
        "no template",
    ),
    (SesEvent::Complaint, "`Complaint`", "abuse"),
];

/// Returns the status of each event, and whether it suppresses the address, as documented.
fn documented() -> Vec<(String, String, bool)> {
    let (_, rest) = DOC.split_once("\n| SES says |").unwrap();
    let lines = rest
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        (
            cells[0].to_owned(),
            cells[1].replace('`', ""),
            cells[2] == "yes",
        )
    };
    lines.map(row).collect()
}

#[tokio::test]
async fn every_event_has_the_documented_effect_and_the_words_of_the_provider() {
    let documented = documented();
    assert_eq!(documented.len(), EVENTS.len());
    for ((event, name, reason), documented) in EVENTS.into_iter().zip(documented) {
        let world = World::start().await;
        let email = world.client().receive_login_email(ADA).await;
        assert_eq!(newest(&world, ADA).await, ("sent".to_owned(), Value::Null));
        world.play(event, &email).await;
        let (status, shown) = newest(&world, ADA).await;
        assert_eq!(shown, json!(reason), "{event:?}");
        let suppresses = suppressed_row(&world).is_some();
        assert_eq!((name.to_owned(), status, suppresses), documented);
    }
}

#[tokio::test]
async fn of_several_events_the_last_one_of_the_table_decides() {
    for pair in EVENTS.windows(2) {
        let world = World::start().await;
        let email = world.client().receive_login_email(ADA).await;
        world.play(pair[1].0, &email).await;
        let expected = newest(&world, ADA).await;
        world.clock.advance(secs(1));
        world.play(pair[0].0, &email).await;
        assert_eq!(newest(&world, ADA).await, expected, "{pair:?}");
    }
}

#[tokio::test]
async fn order_and_repetition_of_events_change_nothing() {
    let events = [SesEvent::Delay, SesEvent::Delivery, SesEvent::Complaint];
    let mut states = vec![];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let world = World::start().await;
        let email = world.client().receive_login_email(ADA).await;
        for index in order.into_iter().chain(order) {
            world.play(events[index], &email).await;
        }
        let audit = world.audit("partner.email.suppressed").len();
        states.push((newest(&world, ADA).await, audit));
    }
    let expected = ("complained".to_owned(), json!("abuse"));
    assert_eq!(states, vec![(expected, 1); 3]);
}

/// Starts a portal whose functions a test invokes in its own order.
async fn world_by_hand() -> World {
    World::of(Options {
        events_by_hand: true,
        publishes_deliveries: true,
        ..Options::default()
    })
    .await
}

async fn hand_over_events(world: &World) -> usize {
    let documents = world.portal.take_email_events();
    for document in &documents {
        world.publish(&document.to_string()).await.unwrap();
    }
    documents.len()
}

#[tokio::test]
async fn an_email_whose_delivery_is_known_is_not_sent_again() {
    for fault in [Fault::LoseAnswer, Fault::DieAfter] {
        let world = world_by_hand().await;
        world.client().request_login(ADA).await.assert("200");
        world.inject(fault.clone(), |call| call.service == "ses");
        let mut records = world.portal.stream_records(None).unwrap();
        records.retain(|record| record["eventName"] == "INSERT");
        let records = json!({"Records": records});
        let _lost = world.portal.invoke("mailer", records.clone()).await;
        world.clear_fault();
        assert_eq!(world.rows("emails")[0]["status"]["S"], "sending");
        assert_eq!(hand_over_events(&world).await, 1);
        world.clock.advance(secs(61));
        world.portal.invoke("mailer", records).await.unwrap();
        world.sweep().await;
        assert_eq!(world.portal.inbox().len(), 1, "{fault:?}");
        let row = &world.rows("emails")[0];
        assert_eq!(row["status"]["S"], "sent");
        assert_eq!(row["unfinished"], Value::Null);
        let message_id = &world.portal.inbox()[0].message_id;
        assert_eq!(row["message_id"]["S"], message_id.as_str());
        assert_eq!(newest(&world, ADA).await.0, "delivered");
    }
}

#[tokio::test]
async fn an_event_may_come_before_the_mailer_stores_the_outcome() {
    let world = world_by_hand().await;
    world.client().request_login(ADA).await.assert("200");
    let records = json!({"Records": world.portal.stream_records(None).unwrap()});
    // The mailer's second update is that of the outcome.
    world.inject(Fault::FailBefore, |call| {
        call.function == "mailer" && call.operation == "UpdateItem"
    });
    let _failed = world.portal.invoke("mailer", records).await;
    hand_over_events(&world).await;
    world.clear_fault();
    world.clock.advance(secs(31));
    world.sweep().await;
    assert_eq!(world.portal.inbox().len(), 1);
    assert_eq!(newest(&world, ADA).await.0, "delivered");
}

#[tokio::test]
async fn an_email_is_tagged_with_its_row_its_template_and_its_portal() {
    let world = World::start().await;
    let email = world.client().receive_login_email(ADA).await;
    let row = &world.rows("emails")[0];
    let [to, id] = ["pk", "sk"].map(|name| row[name]["S"].as_str().unwrap());
    let expected = [
        ("ses:feedback-id-a", "sign-in".to_owned()),
        ("ses:feedback-id-b", "partner".to_owned()),
        ("vestibule-email", format!("{to}_{id}")),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(email.tags, expected.into());
}
