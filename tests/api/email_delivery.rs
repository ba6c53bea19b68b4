//! Every accepted email is sent, or its row says why not.

use kit::{ADA, Email, GRACE, PASSWORD, World, mins, secs};
use local::Options;
use local::aws_stub::Fault;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn the_email_says_what_it_must_and_its_subject_holds_no_code() {
    let world = World::with(&[("PortalName", "Ärzte & Söhne")]).await;
    let email = world.client().receive_login_email(ADA).await;
    let from = "=?UTF-8?B?w4RyenRlICYgU8O2aG5l?= <no-reply@localhost.example>";
    assert_eq!(email.subject, "Sign in to Ärzte & Söhne");
    assert_eq!(email.from, from);
    let text = &email.text;
    for expected in [
        "Ärzte & Söhne",
        "15 minutes",
        "Firefox on Windows",
        "IP address 198.18.0.0",
        "21 November 2026 at 14:00 UTC",
        "ignore this email",
    ] {
        assert!(text.contains(expected), "{expected} is missing in:\n{text}");
    }
    let fits = |line: &str| line == email.link() || line.chars().count() <= 72;
    assert!(text.lines().all(fits), "{text}");
    assert!(email.html.contains("Ärzte &amp; Söhne"));
    assert_eq!(email.code.len(), 9);
}

/// Returns the statuses of all emails in the outbox, sorted.
fn statuses(world: &World) -> Vec<String> {
    let rows = world.rows("emails");
    let statuses = rows.iter().map(|row| row["status"]["S"].as_str());
    let mut statuses: Vec<_> = statuses.map(|one| one.unwrap().to_owned()).collect();
    statuses.sort();
    statuses
}

/// Requests a login this often, each from another network.
async fn request_logins(world: &World, times: usize) {
    for _ in 0..times {
        world.client().request_login(ADA).await.assert("200");
    }
}

/// Hands records to the mailer, and returns those that it wants to see again.
async fn invoke_mailer(world: &World, records: &[Value]) -> Vec<Value> {
    let invoked = world
        .portal
        .invoke("mailer", json!({ "Records": records }))
        .await;
    invoked.unwrap()["batchItemFailures"]
        .as_array()
        .unwrap()
        .clone()
}

/// Lets every call to SES fail that matches.
fn fail_ses(world: &World, fault: Fault, calls: usize) {
    world.inject(fault, move |call| {
        call.service == "ses" && call.number <= calls
    });
}

#[tokio::test]
async fn a_lost_response_of_the_provider_sends_the_same_link_again() {
    let world = World::start().await;
    fail_ses(&world, Fault::LoseAnswer, 1);
    request_logins(&world, 1).await;
    // An event may say that it was accepted: nothing is sent again at once.
    world.sweep().await;
    assert_eq!(world.emails().await.len(), 1);
    world.clock.advance(mins(1));
    world.sweep().await;
    let emails = world.emails().await;
    assert_eq!(emails.len(), 2);
    assert_eq!(emails[0].links, emails[1].links);
    assert_eq!(emails[0].headers, emails[1].headers);
    assert_eq!(statuses(&world), ["sent"]);
    assert_eq!(world.rows("links").len(), 1);
}

#[tokio::test]
async fn a_retry_after_a_key_rotation_sends_the_same_link() {
    let world = World::start().await;
    fail_ses(&world, Fault::LoseAnswer, 1);
    request_logins(&world, 1).await;
    world.settle().await;
    let ring = world.portal.key_ring().unwrap();
    let mut rotated: Value = serde_json::from_str(&ring).unwrap();
    rotated["keys"] = json!([{"kid": "2", "secret": "s".repeat(64), "added_at": 0}]);
    world.portal.set_key_ring(Some(rotated.to_string()));
    world.clock.advance(mins(6));
    world.sweep().await;
    let emails = world.emails().await;
    assert_eq!(emails.len(), 2);
    let credentials = |email: &Email| (email.links.clone(), email.code.clone());
    assert_eq!(credentials(&emails[0]), credentials(&emails[1]));
}

#[tokio::test]
async fn repeated_and_reordered_records_send_each_email_once() {
    let world = World::start().await;
    request_logins(&world, 3).await;
    assert_eq!(world.emails().await.len(), 3);
    let mut records = world.portal.stream_records(None).unwrap();
    records.retain(|record| record["eventName"] == "INSERT");
    records.reverse();
    let failures = invoke_mailer(&world, &records).await;
    assert_eq!(failures, Vec::<Value>::new());
    assert_eq!(world.emails().await.len(), 3);
    assert_eq!(statuses(&world), ["sent"; 3]);
}

#[tokio::test]
async fn every_failed_record_of_a_batch_is_reported() {
    let world = World::start().await;
    world.inject(Fault::FailBefore, |call| call.function == "mailer");
    request_logins(&world, 3).await;
    let records = world.portal.stream_records(None).unwrap();
    let failure = |record: &Value| json!({"itemIdentifier": record["dynamodb"]["SequenceNumber"]});
    let expected: Vec<_> = records.iter().map(failure).collect();
    assert_eq!(expected.len(), 3);
    assert_eq!(invoke_mailer(&world, &records).await, expected);
}

#[tokio::test]
async fn two_mailers_with_the_same_record_send_one_email() {
    let world = World::start().await;
    // The stream's own invocation waits while another one has the same record.
    let delay = Fault::Delay(Duration::from_millis(200));
    world.inject(delay, |call| {
        call.operation == "GetItem" && call.tables == ["users"]
    });
    request_logins(&world, 1).await;
    let records = world.portal.stream_records(None).unwrap();
    let failures = invoke_mailer(&world, &records).await;
    assert!(failures.len() <= 1);
    assert_eq!(world.emails().await.len(), 1);
    assert_eq!(statuses(&world), ["sent"]);
    assert_eq!(world.rows("links").len(), 1);
}

#[tokio::test]
async fn a_busy_provider_is_tried_again_and_one_that_rejects_is_not() {
    let busy = (
        429,
        "TooManyRequestsException",
        "Maximum sending rate exceeded.",
    );
    let rejected = (400, "MessageRejected", "Email address is not verified.");
    for ((status, kind, message), end, emails) in [(busy, "sent", 1), (rejected, "failed", 0)] {
        let world = World::start().await;
        let error = json!({"__type": kind, "message": message});
        fail_ses(&world, Fault::Reply(status, error.to_string()), 2);
        request_logins(&world, 1).await;
        for _ in 0..400 {
            if statuses(&world) == [end] {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(statuses(&world), [end]);
        assert_eq!(world.emails().await.len(), emails, "{kind}");
    }
}

/// Starts a portal with an email that waits, as SES fails.
async fn world_with_waiting_email() -> World {
    let world = World::with(&[("Notices", "")]).await;
    let busy = json!({"__type": "TooManyRequestsException", "message": "busy"});
    fail_ses(&world, Fault::Reply(429, busy.to_string()), usize::MAX);
    request_logins(&world, 1).await;
    world.settle().await;
    assert_eq!(statuses(&world), ["sending"]);
    world
}

#[tokio::test]
async fn an_email_whose_link_has_expired_is_not_sent() {
    let world = world_with_waiting_email().await;
    world.clock.advance(mins(15));
    world.sweep().await;
    assert_eq!(statuses(&world), ["expired"]);
    world.clear_fault();
    assert!(world.emails().await.is_empty());
}

#[tokio::test]
async fn an_email_whose_link_is_void_is_not_sent() {
    let world = world_with_waiting_email().await;
    world.revoke_sessions(ADA).await;
    world.clock.advance(mins(1));
    world.sweep().await;
    assert_eq!(statuses(&world), ["superseded"]);
    world.clear_fault();
    assert!(world.emails().await.is_empty());
}

#[tokio::test]
async fn an_email_that_waits_is_void_once_its_user_is_activated_by_another() {
    let world = World::with(&[("Activation", "link")]).await;
    let client = world.client();
    let token = client.receive_login_email(GRACE).await.token();
    fail_ses(&world, Fault::FailBefore, usize::MAX);
    world.client().request_login(GRACE).await.assert("200");
    world.settle().await;
    client.verify_link(&token).await.assert("200");
    world.clock.advance(mins(1));
    world.sweep().await;
    assert_eq!(statuses(&world), ["sent", "superseded"]);
}

#[tokio::test]
async fn an_email_that_is_refused_temporarily_waits_longer_each_time_until_its_link_expires() {
    let world = world_with_waiting_email().await;
    let attempts = || world.rows("emails")[0]["attempts"]["N"].clone();
    assert_eq!(attempts(), "3");
    let mut minutes = vec![];
    for minute in 1..=15 {
        let before = attempts();
        world.clock.advance(mins(1));
        world.sweep().await;
        if attempts() != before {
            minutes.push(minute);
        }
    }
    assert_eq!(minutes, [1, 3, 7, 12]);
    assert_eq!(statuses(&world), ["expired"]);
}

/// Starts a portal that leaves the stream and the schedule to the test.
async fn world_without_stream() -> World {
    World::of(Options {
        events_by_hand: true,
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn the_sweep_takes_only_what_the_stream_has_had_time_for() {
    let world = world_without_stream().await;
    request_logins(&world, 1).await;
    for (wait, status, emails) in [(30, "queued", 0), (1, "sent", 1)] {
        world.clock.advance(secs(wait));
        world.sweep().await;
        assert_eq!(statuses(&world), [status]);
        assert_eq!(world.portal.inbox().len(), emails);
    }
}

#[tokio::test]
async fn an_email_that_crashes_the_mailer_is_given_up() {
    let world = World::start().await;
    fail_ses(&world, Fault::DieBefore, usize::MAX);
    request_logins(&world, 1).await;
    world.settle().await;
    for unanswered in ["1", "2", "3"] {
        assert_eq!(statuses(&world), ["sending"]);
        assert_eq!(world.rows("emails")[0]["lost_claims"]["N"], unanswered);
        world.clock.advance(secs(61));
        let _crashed = world.portal.invoke("mailer", json!({"Sweep": {}})).await;
    }
    assert_eq!(statuses(&world), ["failed"]);
    assert_eq!(world.rows("emails")[0]["reason"]["S"], "unanswered");
    assert!(world.emails().await.is_empty());
}

#[tokio::test]
async fn an_unreadable_row_fails_and_the_next_email_is_sent() {
    let world = world_without_stream().await;
    for email in [GRACE, ADA] {
        world.client().request_login(email).await;
    }
    let mut rows = world.rows("emails");
    rows.retain(|row| row["address"]["S"] == GRACE);
    rows[0]["link_id"] = json!({"S": "x"});
    world.put_row("emails", &rows[0]);
    world.clock.advance(secs(61));
    world.sweep().await;
    assert_eq!(statuses(&world), ["failed", "sent"]);
    assert_eq!(world.portal.inbox().len(), 1);
}

#[tokio::test]
async fn silent_budgets_protect_a_mailbox_and_are_recorded() {
    let world = World::with(&[("EmailsPerHour", "2"), ("EmailsPerDayPortal", "3")]).await;
    request_logins(&world, 3).await;
    assert_eq!(world.emails().await.len(), 2);
    assert_eq!(statuses(&world), ["sent", "sent", "throttled"]);
    world.clock.advance(mins(60));
    for _ in 0..2 {
        request_logins(&world, 1).await;
        world.settle().await;
    }
    assert_eq!(world.emails().await.len(), 3);
    assert_eq!(
        statuses(&world),
        ["sent", "sent", "sent", "throttled", "throttled"]
    );
    let rows = world.rows("emails");
    let mut reasons: Vec<_> = rows
        .iter()
        .filter_map(|row| row["reason"]["S"].as_str())
        .collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["address-budget", "portal-budget"]);
}

#[tokio::test]
async fn invitations_over_their_budget_wait_for_the_next_day_and_notices_never_wait() {
    let parameters = [("EmailsPerDayPortal", "2"), ("ActivationHours", "1")];
    let world = World::with_cheap_hashes(&parameters).await;
    let admin = world.client();
    let mut answers = vec![];
    for n in 0..4 {
        let email = format!("new{n}@example.com");
        let created = admin.create_user(&email, "New").await.assert("201");
        answers.push(created.json()["invitation_waits_until"].clone());
        world.settle().await;
    }
    let midnight = json!("2026-11-22T00:00:00Z");
    assert_eq!(
        answers,
        [Value::Null, Value::Null, midnight.clone(), midnight.clone()]
    );
    assert_eq!(world.portal.inbox().len(), 2);
    assert_eq!(statuses(&world), ["queued", "queued", "sent", "sent"]);
    let waiting = admin.get_user(&world.user_id("new3@example.com")).await;
    let waiting = waiting.json()["emails"][0].clone();
    assert_eq!(waiting["status"], "queued");
    assert_eq!(waiting["reason"], "invitation-budget");
    assert_eq!(waiting["waits_until"], midnight);
    let line = r#""reason":"invitation-budget""#;
    assert!(local::logs::taken().contains(line));

    // Requests of users have their own budget, and notices have none.
    world.client().sign_in_by_link(ADA).await;
    for n in 0..3 {
        let email = format!("ada{n}@example.com");
        let id = world.user_id(if n == 0 { ADA } else { "" });
        let id = if n == 0 {
            id
        } else {
            world.user_id(&format!("ada{}@example.com", n - 1))
        };
        let moved = admin.update_user(&id).with("email", &*email).await;
        moved.assert("200");
    }
    assert_eq!(world.emails().await.len(), 9);

    world.clock.advance(mins(9 * 60 + 59));
    world.sweep().await;
    assert_eq!(world.portal.inbox().len(), 9);
    world.clock.advance(mins(2));
    world.sweep().await;
    let emails = world.emails().await;
    assert_eq!(emails.len(), 11);
    // The lifetime of the link starts with the new day.
    world.clock.advance(mins(50));
    let token = emails[10].token();
    let activated = world.client().activate(&token, PASSWORD).await;
    activated.assert("200");
}
