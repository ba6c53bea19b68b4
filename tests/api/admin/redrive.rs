//! `GET /admin/emails?status=held` and `POST /admin/emails/redrive`: emails that were held back are
//! sent again.

use super::assert_actor;
use super::emails::{newest, report, stories, suppress};
use super::history::all_pages;
use futures_util::future::join_all;
use kit::{ADA, GRACE, World, hours, mins, secs};
use local::aws_stub::Fault;
use serde_json::{Value, json};
use shared::domain::email::EmailEventKind;

/// Lets SES reject every email for good.
fn reject(world: &World) {
    let error = json!({"__type": "MessageRejected", "message": "not verified"});
    world.inject(Fault::Reply(400, error.to_string()), |call| {
        call.service == "ses"
    });
}

/// Requests a login for an address, and returns the email once it has ended.
async fn request(world: &World, address: &str) -> Value {
    world.clock.advance(secs(1));
    world.client().request_login(address).await.assert("200");
    world.settle().await;
    newest(world, address).await
}

/// Sends an email again, and returns the outcome.
async fn redrive(world: &World, address: &str, email: &Value) -> String {
    let id = email["id"].as_str().unwrap();
    let response = world.client().redrive_email(address, id).await;
    response.outcome()
}

/// Returns the addresses of the held emails, in the order of the list.
async fn held(world: &World) -> Vec<String> {
    let list = world.client().list_held_emails().await;
    let list = list.assert("200").json();
    let emails = list["emails"].as_array().unwrap().iter();
    emails
        .map(|email| email["address"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_suppressed_email_is_lifted_then_redriven_and_sent() {
    let world = World::start().await;
    suppress(&world, ADA).await;
    let email = request(&world, ADA).await;
    assert_eq!(email["status"], "suppressed");
    assert_eq!(held(&world).await, [ADA]);
    world.clock.advance(mins(1));
    let before = world.snapshot();
    assert_eq!(redrive(&world, ADA, &email).await, "409 conflict");
    assert_eq!(world.snapshot(), before);
    let lifted = world.client().lift_suppression(ADA).await;
    lifted.assert("200");
    assert_eq!(redrive(&world, ADA, &email).await, "202");
    assert_eq!(held(&world).await, Vec::<String>::new());
    world.clock.advance(secs(60));
    world.sweep().await;
    let sent = world.latest_email().await;
    assert_eq!(sent.to, ADA);
    world
        .client()
        .verify_link(&sent.token())
        .await
        .assert("200");
    let story = stories(&world, ADA).await.remove(0);
    let events: Vec<_> = story
        .iter()
        .map(|one| one.split(':').next().unwrap())
        .collect();
    assert_eq!(
        events,
        [
            "requested",
            "suppressed",
            "redriven",
            "claimed",
            "sent",
            "link-used"
        ]
    );
    let records = world.audit("partner.email.redriven");
    assert_eq!(records.len(), 1);
    assert_actor(&records[0]);
    assert_eq!(records[0]["resource_id"]["S"], email["id"]);
}

#[tokio::test]
async fn a_failed_email_is_sent_again_with_the_same_link() {
    let world = World::start().await;
    // The response of the first attempt is lost, so the inbox has its link.
    world.portal.set_fault(|call| match call.number {
        1 if call.service == "ses" => Fault::LoseAnswer,
        _ if call.service == "ses" => {
            let error = json!({"__type": "MessageRejected", "message": "not verified"});
            Fault::Reply(400, error.to_string())
        }
        _ => Fault::None,
    });
    request(&world, ADA).await;
    world.clock.advance(mins(1));
    world.sweep().await;
    let email = newest(&world, ADA).await;
    assert_eq!(email["status"], "failed");
    assert_eq!(email["reason"], "not verified");
    world.clear_fault();
    world.clock.advance(mins(1));
    assert_eq!(redrive(&world, ADA, &email).await, "202");
    world.clock.advance(secs(1));
    world.sweep().await;
    let emails = world.emails().await;
    assert_eq!(emails.len(), 2);
    assert_eq!(emails[0].links, emails[1].links);
    assert_eq!(newest(&world, ADA).await["status"], "sent");
    assert_eq!(world.rows("links").len(), 1);
    let story = stories(&world, ADA).await.remove(0);
    assert_eq!(
        story[1..4],
        ["claimed: sign-in", "failed: not verified", "redriven"]
    );
    assert_eq!(redrive(&world, ADA, &email).await, "409 conflict");
}

#[tokio::test]
async fn a_throttled_email_is_sent_beyond_the_budget_and_uses_up_nothing() {
    let world = World::with(&[("EmailsPerHour", "1")]).await;
    world.client().receive_login_email(ADA).await;
    let email = request(&world, ADA).await;
    assert_eq!(email["status"], "throttled");
    let counts = world.rows("rate-limits");
    world.clock.advance(secs(30));
    assert_eq!(redrive(&world, ADA, &email).await, "202");
    world.clock.advance(secs(1));
    world.sweep().await;
    assert_eq!(world.emails().await.len(), 2);
    assert_eq!(newest(&world, ADA).await["status"], "sent");
    assert_eq!(world.rows("rate-limits"), counts);
    let next = request(&world, ADA).await;
    assert_eq!(next["status"], "throttled");
}

#[tokio::test]
async fn an_invitation_that_waits_is_sent_at_once() {
    let world = World::with(&[("EmailsPerDayPortal", "1")]).await;
    let (admin, bob) = (world.client(), "bob@example.com");
    for address in ["eve@example.com", bob] {
        admin.create_user(address, "x").await.assert("201");
        world.settle().await;
    }
    let email = newest(&world, bob).await;
    assert_eq!(email["waits_until"], "2026-11-22T00:00:00Z");
    world.clock.advance(mins(5));
    assert_eq!(held(&world).await, [bob]);
    assert_eq!(redrive(&world, bob, &email).await, "202");
    assert_eq!(redrive(&world, bob, &email).await, "409 conflict");
    assert_eq!(held(&world).await, Vec::<String>::new());
    world.clock.advance(secs(1));
    world.sweep().await;
    let sent = world.latest_email().await;
    assert_eq!(sent.to, bob);
    // The lifetime of its link began with the redrive.
    world.clock.advance(hours(72) - secs(2));
    let client = world.client();
    client
        .activate(&sent.token(), kit::PASSWORD)
        .await
        .assert("200");
}

#[tokio::test]
async fn nothing_is_sent_after_its_link_has_expired() {
    let world = World::start().await;
    reject(&world);
    let email = request(&world, ADA).await;
    world.clear_fault();
    world.clock.advance(mins(15));
    assert_eq!(held(&world).await, Vec::<String>::new());
    assert_eq!(redrive(&world, ADA, &email).await, "409 conflict");
    assert_eq!(newest(&world, ADA).await["status"], "expired");
    let story = stories(&world, ADA).await.remove(0);
    let end = ["failed: not verified", "redriven", "expired: link-expired"];
    assert_eq!(story[2..], end);
    assert_eq!(redrive(&world, ADA, &email).await, "409 conflict");
    assert_eq!(world.audit("partner.email.redriven").len(), 1);
    world.clock.advance(mins(1));
    world.sweep().await;
    assert!(world.emails().await.is_empty());
}

#[tokio::test]
async fn a_link_that_expires_before_the_sweep_is_not_sent() {
    let world = World::start().await;
    suppress(&world, ADA).await;
    let email = request(&world, ADA).await;
    world.client().lift_suppression(ADA).await.assert("200");
    world.clock.advance(mins(15) - secs(1));
    assert_eq!(redrive(&world, ADA, &email).await, "202");
    world.clock.advance(secs(1));
    world.sweep().await;
    assert_eq!(newest(&world, ADA).await["status"], "expired");
    assert!(world.emails().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_who_redrive_at_the_same_time_send_one_email() {
    let world = World::start().await;
    reject(&world);
    let email = request(&world, ADA).await;
    world.clear_fault();
    world.clock.advance(secs(1));
    let redrives = (0..8).map(|_| redrive(&world, ADA, &email));
    let mut outcomes = join_all(redrives).await;
    outcomes.sort();
    assert_eq!(outcomes[0], "202");
    assert!(
        outcomes[1..].iter().all(|one| one == "409 conflict"),
        "{outcomes:?}"
    );
    world.clock.advance(secs(1));
    world.sweep().await;
    world.sweep().await;
    assert_eq!(world.emails().await.len(), 1);
    assert_eq!(world.audit("partner.email.redriven").len(), 1);
}

#[tokio::test]
async fn an_email_that_the_provider_has_accepted_is_not_held() {
    let world = World::start().await;
    reject(&world);
    let email = request(&world, ADA).await;
    world.clear_fault();
    report(&world, ADA, EmailEventKind::Delivered, "250 ok").await;
    assert_eq!(held(&world).await, Vec::<String>::new());
    assert_eq!(redrive(&world, ADA, &email).await, "409 conflict");
    let sent = request(&world, GRACE).await;
    assert_eq!(redrive(&world, GRACE, &sent).await, "409 conflict");
    let dropped = request(&world, "nobody@example.com").await;
    let outcome = redrive(&world, "nobody@example.com", &dropped).await;
    assert_eq!(outcome, "409 conflict");
}

#[tokio::test]
async fn an_email_of_another_address_or_none_is_not_found() {
    let world = World::start().await;
    reject(&world);
    let email = request(&world, ADA).await;
    let before = world.snapshot();
    assert_eq!(redrive(&world, GRACE, &email).await, "404 not-found");
    for id in ["", "x", "suppression", "01a1fe682300-b30c531e93ed997d", "é"] {
        let outcome = redrive(&world, ADA, &json!({ "id": id })).await;
        assert_eq!(outcome, "404 not-found", "{id}");
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn the_held_emails_of_the_portal_are_paged_and_those_that_wait_come_last() {
    let world = World::with(&[("EmailsPerDayPortal", "3")]).await;
    reject(&world);
    for _ in 0..3 {
        world.client().request_login(ADA).await.assert("200");
        world.settle().await;
        world.clock.advance(secs(1));
    }
    let admin = world.client();
    for n in 0..5 {
        let address = format!("eve{n}@example.com");
        admin.create_user(&address, "Eve").await.assert("201");
        world.settle().await;
    }
    // Three invitations failed, as their budget allowed, and two wait.
    let all = held(&world).await;
    assert_eq!(all[..3], [ADA; 3]);
    let waiting = world.rows("emails").into_iter();
    let waiting = waiting.filter(|row| row["status"]["S"] == "queued");
    let mut waiting: Vec<_> = waiting.map(|row| row["address"]["S"].clone()).collect();
    let mut last: Vec<_> = all[6..].iter().map(|address| json!(address)).collect();
    waiting.sort_by_key(Value::to_string);
    last.sort_by_key(Value::to_string);
    assert_eq!((last.len(), last), (2, waiting));
    for limit in ["1", "2", "3", "4", "5", "100"] {
        let pages = all_pages(admin.list_held_emails().query("limit", limit)).await;
        let emails = pages.concat();
        let listed: Vec<_> = emails.iter().map(|email| &email["address"]).collect();
        assert_eq!(json!(listed), json!(all), "{limit}");
    }
}
