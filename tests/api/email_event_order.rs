//! The events of an email say the same in every order and however often they arrive.

use kit::{ADA, World, secs};
use serde_json::json;
use shared::domain::email::{DeliveryRecord, EmailEvent, EmailEventKind, OutboxKey};
use shared::domain::ids::{KeyedHash, RecordId};
use shared::store::{HistoryRange, Store};

/// Returns all orders of `items`.
fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![vec![]];
    }
    let mut all = vec![];
    for (i, first) in items.iter().enumerate() {
        let others = [&items[..i], &items[i + 1..]].concat();
        for rest in permutations(&others) {
            all.push([vec![first.clone()], rest].concat());
        }
    }
    all
}

/// Five events of one email. The server answers the bounce twice, at the same time.
fn five_events(world: &World) -> Vec<EmailEvent> {
    let now = world.clock.now();
    let event = |seconds, kind, detail| EmailEvent::new(now.plus(secs(seconds)), kind, detail);
    vec![
        event(1, EmailEventKind::Delayed, "421 try again"),
        event(9, EmailEventKind::Delivered, "250 ok"),
        event(20, EmailEventKind::HardBounce, "550 unknown"),
        event(20, EmailEventKind::HardBounce, "550 no such user"),
        event(7, EmailEventKind::SoftBounce, "452 mailbox full"),
    ]
}

/// Adds `events` in this order to a copy of the email `row`, the `number`-th one.
async fn email_after(
    (world, store): (&World, &Store),
    row: &serde_json::Value,
    number: u64,
    events: impl Iterator<Item = &EmailEvent>,
) -> DeliveryRecord {
    let id = RecordId::new(world.clock.now(), number.to_be_bytes());
    let mut copy = row.clone();
    copy["sk"] = json!({ "S": id.as_str() });
    world.put_row("emails", &copy);
    let to = KeyedHash::parse(row["pk"]["S"].as_str().unwrap()).unwrap();
    let key = OutboxKey { to, id };
    for event in events {
        assert!(store.record_email_event(&key, event, "m-1").await.unwrap());
    }
    let range = HistoryRange {
        from: key.id.clone(),
        until: key.id.clone(),
        ..HistoryRange::newest(1)
    };
    let records = store.list_emails(&to, &range).await.unwrap().into_records();
    let record = records.into_iter().next().unwrap();
    DeliveryRecord {
        id: RecordId::first(),
        ..record
    }
}

#[tokio::test]
async fn all_orders_and_repetitions_of_five_events_give_the_same_state() {
    let world = World::start().await;
    let store = world.portal.store().unwrap();
    world.client().request_login(ADA).await;
    world.settle().await;
    let row = world.rows("emails").remove(0);
    let parts = (&world, &store);
    let events = five_events(&world);
    let expected = email_after(parts, &row, 0, events.iter()).await;
    assert_eq!(expected.status(), "bounced");
    assert_eq!(expected.reason(), Some("550 no such user"));
    assert_eq!(expected.events.len(), 5);

    for (number, order) in (1..).zip(permutations(&events)) {
        // The first `number % 6` events come once more, at the end and in the middle.
        let again = order.iter().take(usize::try_from(number % 6).unwrap());
        let (start, end) = order.split_at(3);
        let sequence = start.iter().chain(again.clone()).chain(end).chain(again);
        let record = email_after(parts, &row, number, sequence).await;
        assert_eq!(record, expected, "{order:?}");
    }
}

#[tokio::test]
async fn an_event_of_no_email_is_ignored_and_creates_none() {
    let world = World::start().await;
    let store = world.portal.store().unwrap();
    let key = OutboxKey {
        to: KeyedHash::from_bytes([1; 32]),
        id: RecordId::new(world.clock.now(), [1; 8]),
    };
    let event = &five_events(&world)[0];
    assert!(!store.record_email_event(&key, event, "m-1").await.unwrap());
    assert!(world.rows("emails").is_empty());
}
