//! Documents that cannot be read, that name other rows, or that cannot be stored.

use super::{create_user, newest, suppressed_row};
use kit::{ADA, GRACE, World};
use local::aws_stub::Fault;
use local::{SesEvent, logs};
use serde_json::{Value, json};

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
    assert_eq!(suppressed_row(&world).unwrap()["pk"]["S"], hash);
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
    assert!(suppressed_row(&world).unwrap()["detail"]["S"] == reason);
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
        assert_eq!(suppressed_row(&world), None);
        world.clear_fault();
        assert_eq!(world.publish(&bounce).await, Ok(Value::Null));
        assert!(suppressed_row(&world).is_some());
        assert_eq!(newest(&world, ADA).await.0, "bounced");
    }
}
