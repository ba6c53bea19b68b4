//! Nothing is sent to an address that bounced or complained, and nobody who asks can tell.

use super::{create_user, newest, suppressed_row};
use kit::{ADA, GRACE, World, mins, secs};
use local::SesEvent;
use local::aws_stub::Fault;
use serde_json::{Value, json};
use shared::domain::audit::{Action, AuditEvent, Target};
use shared::domain::client::ClientInfo;
use shared::domain::ids::KeyedHash;
use shared::domain::portal::PortalName;

#[tokio::test]
async fn a_hard_bounce_or_a_complaint_suppresses_the_address() {
    for (event, reason) in [
        (SesEvent::HardBounce, "hard-bounce"),
        (SesEvent::Complaint, "complaint"),
    ] {
        let world = World::start().await;
        let email = world.client().receive_login_email(ADA).await;
        world.play(event, &email).await;
        let row = suppressed_row(&world).unwrap();
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
async fn a_recipient_who_takes_a_complaint_back_is_not_suppressed() {
    let world = World::start().await;
    let email = world.client().receive_login_email(ADA).await;
    let mut document = world.ses_document(SesEvent::Complaint, &email, world.clock.now());
    document["complaint"]["complaintFeedbackType"] = json!("not-spam");
    assert_eq!(world.publish(&document.to_string()).await, Ok(Value::Null));
    assert_eq!(suppressed_row(&world), None);
    assert_eq!(newest(&world, ADA).await.0, "sent");
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
    let row = suppressed_row(&world).unwrap();
    lift(
        &world,
        KeyedHash::parse(row["pk"]["S"].as_str().unwrap()).unwrap(),
    )
    .await;
    for late in [old, same_time] {
        world.publish(&late.to_string()).await.unwrap();
        assert_eq!(suppressed_row(&world), None);
    }
    let sent = world.client().receive_login_email(ADA).await;
    world.clock.advance(secs(1));
    world.play(SesEvent::HardBounce, &sent).await;
    assert!(suppressed_row(&world).is_some());
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
            let request = if by_form { request.form() } else { request };
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
async fn erasing_a_user_leaves_the_suppression_without_the_words() {
    let world = World::start().await;
    let email = world.client().receive_login_email(ADA).await;
    world.play(SesEvent::HardBounce, &email).await;
    assert!(suppressed_row(&world).unwrap()["detail"].is_object());
    world.clock.advance(secs(1));
    let erased = world.client().erase_user(&world.user_id(ADA)).await;
    erased.assert("204");
    let left = world.rows("emails");
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(!json!(left).to_string().contains(ADA), "{left:?}");
    // The next user with the address is sent nothing either, until the suppression is lifted.
    create_user(&world, ADA).await;
    world.client().request_login(ADA).await.assert("200");
    world.settle().await;
    assert_eq!(newest(&world, ADA).await.0, "suppressed");
}
