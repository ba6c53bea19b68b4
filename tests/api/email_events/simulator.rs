//! The local portal plays the events of SES.

use super::{create_user, newest};
use kit::{ADA, World};
use local::{Options, SesEvent};
use serde_json::{Value, json};

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

#[tokio::test]
async fn the_local_portal_takes_documents_and_shows_the_state_of_each_email() {
    let world = World::start().await;
    let client = world.client();
    let email = client.receive_login_email(ADA).await;
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
