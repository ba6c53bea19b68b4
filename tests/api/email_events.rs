//! What SES says about an email moves its status, and a hard bounce or a complaint suppresses its
//! address.

use kit::{ADA, ApiRequest, Email, GRACE, World, mins, secs};
use local::SesEvent;
use local::aws_stub::Fault;
use local::{Options, logs};
use serde_json::{Value, json};
use shared::domain::audit::{Action, AuditEvent, Target};
use shared::domain::client::ClientInfo;
use shared::domain::ids::KeyedHash;
use shared::domain::portal::PortalName;

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
fn suppression(world: &World) -> Option<Value> {
    let mut rows = world.rows("emails");
    rows.retain(|row| row["suppressed_at"].is_object());
    rows.pop()
}

#[tokio::test]
async fn every_event_sets_the_status_with_the_words_of_the_provider() {
    for (event, status, reason) in [
        (SesEvent::Delivery, "delivered", "250 2.0.0 OK"),
        (
            SesEvent::HardBounce,
            "bounced",
            "smtp; 550 5.1.1 <ada@example.com>: no such user",
        ),
        (
            SesEvent::SoftBounce,
            "bounced",
            "smtp; 452 4.2.2 <ada@example.com>: mailbox full",
        ),
        (SesEvent::Complaint, "complained", "abuse"),
        (
            SesEvent::Delay,
            "delayed",
            "smtp; 451 4.4.1 <ada@example.com>: try again later",
        ),
        (SesEvent::Reject, "rejected", "Bad content"),
        (
            SesEvent::Suppressed,
            "suppressed",
            "OnAccountSuppressionList",
        ),
        (SesEvent::RenderingFailure, "failed", "no template"),
    ] {
        let world = World::start().await;
        let email = world.client().receive_login_email(ADA).await;
        assert_eq!(newest(&world, ADA).await, ("sent".to_owned(), Value::Null));
        world.play(event, &email).await;
        let expected = (status.to_owned(), json!(reason));
        assert_eq!(newest(&world, ADA).await, expected, "{event:?}");
        let suppresses = [SesEvent::HardBounce, SesEvent::Complaint].contains(&event);
        assert_eq!(suppression(&world).is_some(), suppresses, "{event:?}");
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
        world.clock.advance(secs(31));
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
async fn a_hard_bounce_or_a_complaint_suppresses_the_address() {
    for (event, reason) in [
        (SesEvent::HardBounce, "hard-bounce"),
        (SesEvent::Complaint, "complaint"),
    ] {
        let world = World::start().await;
        let email = world.client().receive_login_email(ADA).await;
        world.play(event, &email).await;
        let row = suppression(&world).unwrap();
        assert_eq!(row["reason"]["S"], reason);
        assert_eq!(row["expires_at"], Value::Null);
        let audit = world.audit("partner.email.suppressed");
        assert_eq!(audit.len(), 1);
        assert_eq!(audit[0]["pk"], row["pk"]);
        assert_eq!(audit[0]["severity"]["S"], "warning");
        assert_eq!(audit[0]["metadata"]["M"]["reason"]["S"], reason);

        world.clock.advance(secs(1));
        for _ in 0..2 {
            world.client().request_login(ADA).await.assert("200");
            world.client().forgot_password(ADA).await.assert("200");
        }
        assert_eq!(world.emails().await.len(), 1);
        let expected = ("suppressed".to_owned(), json!("address-suppressed"));
        assert_eq!(newest(&world, ADA).await, expected);
        // Others are sent theirs.
        world.client().receive_login_email(GRACE).await;
    }
}

#[tokio::test]
async fn an_email_that_waits_is_not_sent_to_an_address_suppressed_since() {
    let world = World::start().await;
    let first = world.client().receive_login_email(ADA).await;
    world.clock.advance(secs(1));
    world.inject(Fault::FailBefore, |call| call.service == "ses");
    world.client().request_login(ADA).await.assert("200");
    world.settle().await;
    world.clear_fault();
    world.play(SesEvent::Complaint, &first).await;
    world.clock.advance(mins(2));
    world.sweep().await;
    assert_eq!(world.emails().await.len(), 1);
    assert_eq!(newest(&world, ADA).await.0, "suppressed");
}

/// Lifts the suppression of an address, as an administrator does.
async fn lift(world: &World, to: KeyedHash) {
    let now = world.clock.now();
    let event = AuditEvent {
        portal: PortalName::parse("partner").unwrap(),
        action: Action::SuppressionLifted,
        subject: to.into(),
        target: Target::Address(to),
        metadata: vec![],
        client: ClientInfo::default(),
        at: now,
        expires_at: now.plus(mins(1)),
    };
    let store = world.portal.store().unwrap();
    assert!(store.lift_suppression(&to, &event).await.unwrap());
}

#[tokio::test]
async fn an_old_bounce_does_not_suppress_an_address_that_was_lifted_since() {
    let world = World::start().await;
    let email = world.client().receive_login_email(ADA).await;
    let old = world.ses_document(SesEvent::HardBounce, &email, world.clock.now());
    let mut same_time = old.clone();
    same_time["bounce"]["bouncedRecipients"][0]["diagnosticCode"] = json!("550 again");
    world.publish(&old.to_string()).await.unwrap();
    world.clock.advance(mins(1));
    let row = suppression(&world).unwrap();
    lift(
        &world,
        KeyedHash::parse(row["pk"]["S"].as_str().unwrap()).unwrap(),
    )
    .await;
    for late in [old, same_time] {
        world.publish(&late.to_string()).await.unwrap();
        assert_eq!(suppression(&world), None);
    }
    let sent = world.client().receive_login_email(ADA).await;
    world.clock.advance(secs(1));
    world.play(SesEvent::HardBounce, &sent).await;
    assert!(suppression(&world).is_some());
}

#[tokio::test]
async fn the_addresses_of_the_mailbox_simulator_play_their_events() {
    let world = World::start().await;
    for (name, status) in [
        ("success", "delivered"),
        ("bounce", "bounced"),
        ("bounce+2", "bounced"),
        ("soft-bounce", "bounced"),
        ("complaint", "complained"),
        ("delay", "delayed"),
        ("reject", "rejected"),
        ("suppressionlist", "suppressed"),
        ("anybody", "sent"),
    ] {
        let address = format!("{name}@simulator.amazonses.com");
        create_user(&world, &address).await;
        world.client().receive_login_email(&address).await;
        assert_eq!(newest(&world, &address).await.0, status, "{address}");
    }
}

#[tokio::test]
async fn on_this_machine_every_email_is_delivered() {
    let world = World::of(Options {
        publishes_deliveries: true,
        ..Options::default()
    })
    .await;
    world.client().receive_login_email(ADA).await;
    assert_eq!(newest(&world, ADA).await.0, "delivered");
}

/// Returns the lines that the functions have logged with this message.
fn logged(message: &str) -> usize {
    logs::taken().matches(message).count()
}

#[tokio::test]
async fn malformed_documents_are_logged_without_their_content_and_dropped() {
    let world = World::start().await;
    let email = world.client().receive_login_email(ADA).await;
    let at = world.clock.now();
    let bounce = world.ses_document(SesEvent::HardBounce, &email, at);
    let tag = bounce["mail"]["tags"]["vestibule-email"][0].clone();
    let tag = tag.as_str().unwrap();
    let with = |pointer: &str, value: Value| {
        let mut changed = bounce.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed.to_string()
    };
    let tags = "/mail/tags/vestibule-email";
    let hash = &tag[..43];
    let secret = "quoted-by-a-hostile-server";
    let documents = [
        String::new(),
        secret.to_owned(),
        "[]".to_owned(),
        json!({"eventType": "Bounce"}).to_string(),
        "{".repeat(10_000),
        with("/eventType", json!("Open")),
        with("/eventType", json!(secret)),
        with("/eventType", json!(7)),
        with("/bounce", json!(null)),
        with("/bounce/bounceType", json!(secret)),
        with("/bounce/bouncedRecipients", json!(secret)),
        with(
            "/bounce/bouncedRecipients/0/diagnosticCode",
            json!([secret]),
        ),
        with("/bounce/timestamp", json!("yesterday")),
        with("/bounce/timestamp", json!(1_764_000_000)),
        with("/mail/messageId", json!("")),
        with("/mail/messageId", json!("x".repeat(201))),
        with("/mail/messageId", json!("a b")),
        with("/mail/messageId", json!(null)),
        with("/mail/tags", json!({})),
        with("/mail/tags", json!({"vestibule-email": tag})),
        with(tags, json!([])),
        with(tags, json!([tag, tag])),
        with(tags, json!([secret])),
        with(tags, json!([format!("{hash}_suppression")])),
        with(tags, json!([format!("{}.{}", hash, &tag[44..])])),
        with(tags, json!([format!("{tag} ")])),
        bounce.to_string().replace(r#""mail""#, r#""post""#),
    ];
    let before = world.snapshot();
    let lines = logged("an event of SES could not be read");
    for document in &documents {
        assert_eq!(world.publish(document).await, Ok(Value::Null), "{document}");
    }
    assert_eq!(world.snapshot(), before);
    // Other tests log the same line at the same time.
    assert!(logged("an event of SES could not be read") >= lines + documents.len());
    assert_eq!(logged(secret), 0);
    for event in [json!(null), json!({}), json!({"Records": [{"Sns": {}}, 1]})] {
        let invoked = world.portal.invoke("email-events", event).await;
        assert_eq!(invoked, Ok(Value::Null));
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn the_message_by_which_ses_checks_a_topic_is_no_error() {
    let world = World::start().await;
    let greeting = "Successfully validated SNS topic for Amazon SES event publishing.";
    let before = world.snapshot();
    assert_eq!(world.publish(greeting).await, Ok(Value::Null));
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn a_document_is_about_the_row_of_its_tag_whatever_addresses_it_names() {
    let world = World::start().await;
    let ada = world.client().receive_login_email(ADA).await;
    let grace = world.client().receive_login_email(GRACE).await;
    let at = world.clock.now();
    let mut document = world.ses_document(SesEvent::HardBounce, &grace, at);
    document["mail"]["tags"] = json!({"vestibule-email": [ada.tags["vestibule-email"]]});
    world.publish(&document.to_string()).await.unwrap();
    assert_eq!(newest(&world, ADA).await.0, "bounced");
    assert_eq!(newest(&world, GRACE).await.0, "sent");
    let hash = &ada.tags["vestibule-email"][..43];
    assert_eq!(suppression(&world).unwrap()["pk"]["S"], hash);
    // A row that does not exist is not created, and its address not suppressed.
    let unknown = format!("{}_{:012x}-{:016x}", "A".repeat(43), 1, 1);
    document["mail"]["tags"] = json!({"vestibule-email": [unknown]});
    let before = world.snapshot();
    world.publish(&document.to_string()).await.unwrap();
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn the_words_of_a_remote_server_are_cut_and_never_logged() {
    let address = "words-of-a-server@example.com";
    let world = World::start().await;
    create_user(&world, address).await;
    let email = world.client().receive_login_email(address).await;
    let at = world.clock.now();
    let mut document = world.ses_document(SesEvent::HardBounce, &email, at);
    let words = format!("<{address}>\r\n{}", "é".repeat(1_000_000));
    document["bounce"]["bouncedRecipients"][0]["diagnosticCode"] = json!(words);
    world.publish(&document.to_string()).await.unwrap();
    let (status, reason) = newest(&world, address).await;
    assert_eq!(status, "bounced");
    let reason = reason.as_str().unwrap();
    assert_eq!(reason.chars().count(), 500);
    assert!(reason.starts_with(&format!("<{address}>  éé")), "{reason}");
    assert!(suppression(&world).unwrap()["detail"]["S"] == reason);
    assert_eq!(logged(address), 0);
    assert!(!json!(world.rows("audit")).to_string().contains(address));
}

#[tokio::test]
async fn a_failure_of_the_store_fails_the_invocation_and_a_repetition_completes_it() {
    for operation in ["UpdateItem", "TransactWriteItems"] {
        let world = World::start().await;
        let email = world.client().receive_login_email(ADA).await;
        let at = world.clock.now();
        let bounce = world
            .ses_document(SesEvent::HardBounce, &email, at)
            .to_string();
        world.inject(Fault::FailBefore, move |call| call.operation == operation);
        assert_eq!(world.publish(&bounce).await, Err("Unavailable".to_owned()));
        assert_eq!(suppression(&world), None);
        world.clear_fault();
        assert_eq!(world.publish(&bounce).await, Ok(Value::Null));
        assert!(suppression(&world).is_some());
        assert_eq!(newest(&world, ADA).await.0, "bounced");
    }
}

#[tokio::test]
async fn nothing_is_recorded_about_an_erased_user() {
    let world = World::start().await;
    let email = world.client().receive_login_email(ADA).await;
    let at = world.clock.now();
    let bounce = world.ses_document(SesEvent::HardBounce, &email, at);
    let erased = world.client().erase_user(&world.user_id(ADA)).await;
    erased.assert("204");
    let before = world.snapshot();
    world.publish(&bounce.to_string()).await.unwrap();
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn unknown_known_and_suppressed_addresses_get_the_same_response_after_the_same_calls() {
    let world = World::start().await;
    let email = world.client().receive_login_email(ADA).await;
    world.play(SesEvent::HardBounce, &email).await;
    world.clock.advance(secs(1));
    let mut seen = vec![];
    // All are of one length: a cookie holds the address.
    create_user(&world, "bob@example.com").await;
    for address in ["eve@example.com", "bob@example.com", ADA] {
        for by_form in [false, true] {
            let client = world.client();
            let request = client.request_login(address);
            let request: ApiRequest<'_> = if by_form { request.form() } else { request };
            world.settle().await;
            world.portal.take_calls();
            let response = request.await;
            let mut calls = world.portal.take_calls();
            calls.retain(|call| call.function == "request-login");
            let calls: Vec<_> = calls
                .iter()
                .map(|call| (call.actions.clone(), call.status, call.capacity.to_string()))
                .collect();
            assert!(!calls.is_empty());
            let location = response.headers.get("location").cloned();
            let cookies = response.cookies.iter().map(String::len).sum::<usize>();
            let response = (response.status, response.body.clone(), location, cookies);
            seen.push((by_form, response, calls));
        }
    }
    world.settle().await;
    assert_eq!(seen[..2], seen[2..4]);
    assert_eq!(seen[..2], seen[4..]);
    assert_eq!(newest(&world, ADA).await.0, "suppressed");
}

#[tokio::test]
async fn the_local_portal_takes_documents_and_shows_the_state_of_each_email() {
    let world = World::start().await;
    let client = world.client();
    let email: Email = client.receive_login_email(ADA).await;
    let at = world.clock.now();
    let document = |event| world.ses_document(event, &email, at).to_string();
    let shown = async || {
        let inbox = client.open("/_local/inbox").await;
        let page = client.open("/_local/").await.body;
        let email = inbox.json()[0].clone();
        let status = email["status"].as_str().unwrap().to_owned();
        assert!(page.contains(&format!("<b>{status}</b>")), "{page}");
        (
            status,
            email["reason"].clone(),
            inbox.headers["etag"].clone(),
        )
    };
    let sent = shown().await;
    assert_eq!((sent.0.as_str(), &sent.1), ("sent", &Value::Null));
    let delivery = document(SesEvent::Delivery);
    for body in [
        document(SesEvent::Delay),
        json!({"Type": "Notification", "Message": delivery}).to_string(),
        local::notification(&document(SesEvent::Complaint)).to_string(),
        "not JSON".to_owned(),
    ] {
        let taken = client.post("/_local/email-events").bytes(body).await;
        taken.assert("204");
    }
    let complained = shown().await;
    assert_eq!(complained.0, "complained");
    assert_eq!(complained.1, "abuse");
    assert_ne!(complained.2, sent.2);
}
