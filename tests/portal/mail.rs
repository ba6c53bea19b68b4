//! Promise 7: a mail that was accepted is sent, or somebody can see why not.

use local::aws_stub::Fault;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tests::{World, mins, secs};

#[tokio::test]
async fn the_mail_says_what_it_must_and_its_subject_holds_no_code() {
    let world = World::with(&[("PortalName", "Ärzte & Söhne")]).await;
    let mail = world.browser().ask("ada@example.com").await;
    let text = mail.0["text"].as_str().unwrap();
    assert_eq!(mail.0["subject"], "Sign in to Ärzte & Söhne");
    assert_eq!(
        mail.0["from"],
        "=?UTF-8?B?w4RyenRlICYgU8O2aG5l?= <no-reply@localhost.example>"
    );
    for words in [
        "Ärzte & Söhne",
        "15 minutes",
        "Firefox on Windows",
        "IP address 198.18.0.0",
        "21 November 2026 at 14:00 UTC",
        "ignore this email",
    ] {
        assert!(text.contains(words), "{words} is missing in:\n{text}");
    }
    let link = mail.0["links"][0].as_str().unwrap();
    assert!(
        text.lines()
            .all(|line| line == link || line.chars().count() <= 76),
        "{text}"
    );
    assert!(
        mail.0["html"]
            .as_str()
            .unwrap()
            .contains("Ärzte &#38; Söhne")
    );
    assert_eq!(mail.code().len(), 9);
}

/// The states of all mails.
fn states(world: &World) -> Vec<String> {
    world
        .rows("emails")
        .iter()
        .map(|row| row["status"]["S"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Waits until the first mail is in this state.
async fn reaches(world: &World, state: &str) {
    for _ in 0..400 {
        if states(world).first().is_some_and(|one| one == state) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(states(world), [state]);
}

#[tokio::test]
async fn a_lost_answer_of_the_provider_sends_the_same_link_again() {
    let world = World::start().await;
    let sends = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sends);
    world
        .portal
        .set_fault(move |attempt| match attempt.service.as_str() {
            "ses" if counter.fetch_add(1, Ordering::SeqCst) == 0 => Fault::LoseAnswer,
            _ => Fault::None,
        });
    let browser = world.browser();
    let answer = browser
        .post("/auth/request-login", json!({"email": "ada@example.com"}))
        .await;
    assert_eq!(answer.status, 200);
    let mails = world.mails().await;
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0]["links"], mails[1]["links"]);
    assert_eq!(states(&world), ["sent"]);
    assert_eq!(world.rows("links").len(), 1);
}

#[tokio::test]
async fn a_retry_after_a_rotation_still_sends_the_same_link() {
    let world = World::start().await;
    let ring: serde_json::Value = serde_json::from_str(&world.portal.key_ring().unwrap()).unwrap();
    world
        .portal
        .set_fault(|attempt| match attempt.service.as_str() {
            "ses" if attempt.number == 1 => Fault::LoseAnswer,
            "ses" if attempt.number < 4 => Fault::FailBefore,
            _ => Fault::None,
        });
    world
        .browser()
        .post("/auth/request-login", json!({"email": "ada@example.com"}))
        .await;
    world.settled().await;
    let mut rotated = ring;
    rotated["keys"] = json!([{"kid": "2", "secret": "s".repeat(64), "added_at": 0}]);
    world.portal.set_key_ring(Some(rotated.to_string()));
    world.time.pass(mins(6));
    world.sweep().await;
    let mails = world.mails().await;
    assert_eq!(mails.len(), 2);
    assert_eq!(
        (&mails[0]["links"], &mails[0]["code"]),
        (&mails[1]["links"], &mails[1]["code"])
    );
}

#[tokio::test]
async fn records_that_come_twice_or_in_another_order_send_each_mail_once() {
    let world = World::start().await;
    for _ in 0..3 {
        world
            .browser()
            .post("/auth/request-login", json!({"email": "ada@example.com"}))
            .await;
    }
    assert_eq!(world.mails().await.len(), 3);
    let inserted = |record: &serde_json::Value| record["eventName"] == "INSERT";
    let mut records: Vec<_> = world
        .portal
        .stream_records(None)
        .unwrap()
        .into_iter()
        .filter(inserted)
        .collect();
    records.reverse();
    let again = world
        .portal
        .invoke("mailer", json!({"Records": records}))
        .await
        .unwrap();
    assert_eq!(again, json!({"batchItemFailures": []}));
    assert_eq!(
        (world.mails().await.len(), states(&world)),
        (3, vec!["sent".to_owned(); 3])
    );
}

#[tokio::test]
async fn every_record_of_a_batch_that_is_to_come_again_is_named() {
    let world = World::start().await;
    world.portal.set_fault(|attempt| {
        if attempt.function == "mailer" {
            Fault::FailBefore
        } else {
            Fault::None
        }
    });
    for _ in 0..3 {
        world
            .browser()
            .post("/auth/request-login", json!({"email": "ada@example.com"}))
            .await;
    }
    let records = world.portal.stream_records(None).unwrap();
    let named = |record: &serde_json::Value| json!({"itemIdentifier": record["dynamodb"]["SequenceNumber"]});
    let all: Vec<_> = records.iter().map(named).collect();
    let again = world
        .portal
        .invoke("mailer", json!({"Records": records}))
        .await
        .unwrap();
    assert_eq!((all.len(), again), (3, json!({"batchItemFailures": all})));
}

#[tokio::test]
async fn two_mailers_with_the_same_record_send_one_mail() {
    let world = World::start().await;
    // The first look of the stream's own invocation waits, while another invocation has the same
    // record.
    world
        .portal
        .set_fault(|attempt| match attempt.operation.as_str() {
            "GetItem" if attempt.tables == ["users"] => {
                Fault::Delay(std::time::Duration::from_millis(200))
            }
            _ => Fault::None,
        });
    world
        .browser()
        .post("/auth/request-login", json!({"email": "ada@example.com"}))
        .await;
    let records = world.portal.stream_records(None).unwrap();
    let other = world
        .portal
        .invoke("mailer", json!({"Records": records}))
        .await
        .unwrap();
    assert!(other["batchItemFailures"].as_array().unwrap().len() <= 1);
    world.settled().await;
    assert_eq!(
        (world.mails().await.len(), states(&world)),
        (1, vec!["sent".to_owned()])
    );
    assert_eq!(world.rows("links").len(), 1);
}

#[tokio::test]
async fn a_provider_that_is_busy_is_asked_again_and_one_that_refuses_is_not() {
    for (status, kind, message, state, mails) in [
        (
            429,
            "TooManyRequestsException",
            "Maximum sending rate exceeded.",
            "sent",
            1,
        ),
        (
            400,
            "MessageRejected",
            "Email address is not verified.",
            "failed",
            0,
        ),
    ] {
        let world = World::start().await;
        let sends = AtomicUsize::new(0);
        let body = json!({"__type": kind, "message": message}).to_string();
        world
            .portal
            .set_fault(move |attempt| match attempt.service.as_str() {
                "ses" if sends.fetch_add(1, Ordering::SeqCst) < 2 => {
                    Fault::Reply(status, body.clone())
                }
                _ => Fault::None,
            });
        world
            .browser()
            .post("/auth/request-login", json!({"email": "ada@example.com"}))
            .await;
        reaches(&world, state).await;
        assert_eq!(world.mails().await.len(), mails, "{kind}");
    }
}

/// Asks while SES takes nothing, until the stream has left the mail to wait.
async fn waiting() -> World {
    let world = World::start().await;
    world.portal.set_fault(|attempt| {
        if attempt.service == "ses" {
            Fault::FailBefore
        } else {
            Fault::None
        }
    });
    world
        .browser()
        .post("/auth/request-login", json!({"email": "ada@example.com"}))
        .await;
    world.settled().await;
    assert_eq!(states(&world), ["sending"]);
    world
}

#[tokio::test]
async fn a_mail_whose_link_has_expired_is_marked_and_not_sent() {
    let world = waiting().await;
    world.time.pass(mins(15));
    world.sweep().await;
    assert_eq!(states(&world), ["expired"]);
    world.portal.set_fault(|_| Fault::None);
    assert!(world.mails().await.is_empty());
}

#[tokio::test]
async fn a_mail_whose_users_epoch_moved_is_superseded() {
    let world = waiting().await;
    world.move_epoch("ada@example.com");
    world.time.pass(mins(1));
    world.sweep().await;
    assert_eq!(states(&world), ["superseded"]);
    world.portal.set_fault(|_| Fault::None);
    assert!(world.mails().await.is_empty());
}

#[tokio::test]
async fn a_mail_that_is_refused_for_the_moment_waits_longer_each_time_until_its_link_expires() {
    let world = waiting().await;
    let tried = || {
        world.rows("emails")[0]["attempts"]["N"]
            .as_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    assert_eq!(tried(), 3);
    let mut minutes = vec![];
    for minute in 1..=15 {
        let before = tried();
        world.time.pass(mins(1));
        world.sweep().await;
        if tried() > before {
            minutes.push(minute);
        }
    }
    assert_eq!(minutes, [1, 3, 7, 12]);
    assert_eq!(states(&world), ["expired"]);
}

#[tokio::test]
async fn the_sweep_leaves_what_is_the_streams_or_waits_and_takes_what_the_stream_has_given_up() {
    let options = local::Options {
        events_by_hand: true,
        ..local::Options::default()
    };
    let world = World::of(options).await;
    world
        .browser()
        .post("/auth/request-login", json!({"email": "ada@example.com"}))
        .await;
    world.time.pass(secs(30));
    world.sweep().await;
    assert_eq!(states(&world), ["queued"]);
    world.time.pass(secs(1));
    world.sweep().await;
    assert_eq!(
        (states(&world), world.portal.inbox().len()),
        (vec!["sent".to_owned()], 1)
    );
}

#[tokio::test]
async fn a_mail_that_crashes_us_stops_itself() {
    let world = World::start().await;
    world.portal.set_fault(|attempt| {
        if attempt.service == "ses" {
            Fault::DieBefore
        } else {
            Fault::None
        }
    });
    world
        .browser()
        .post("/auth/request-login", json!({"email": "ada@example.com"}))
        .await;
    world.settled().await;
    for unanswered in ["1", "2", "3"] {
        assert_eq!(
            (&world.rows("emails")[0]["lost_claims"]["N"], states(&world)),
            (&json!(unanswered), vec!["sending".to_owned()])
        );
        world.time.pass(secs(61));
        let _crashed = world.portal.invoke("mailer", json!({"Sweep": {}})).await;
    }
    assert_eq!(
        (states(&world), &world.rows("emails")[0]["reason"]["S"]),
        (vec!["failed".to_owned()], &json!("unanswered"))
    );
    assert!(world.mails().await.is_empty());
}

#[tokio::test]
async fn a_mail_that_cannot_be_read_is_ended_and_the_next_is_sent() {
    let options = local::Options {
        events_by_hand: true,
        ..local::Options::default()
    };
    let world = World::of(options).await;
    for email in ["grace@example.com", "ada@example.com"] {
        world
            .browser()
            .post("/auth/request-login", json!({"email": email}))
            .await;
    }
    let rows = world.rows("emails");
    let poison = rows
        .iter()
        .find(|row| row["address"]["S"] == "grace@example.com")
        .unwrap();
    let spoil = json!({
        "TableName": format!("{}-emails", local::template::STACK), "Key": {"pk": poison["pk"], "sk": poison["sk"]},
        "UpdateExpression": "SET link_id = :x", "ExpressionAttributeValues": {":x": {"S": "x"}},
    });
    world
        .portal
        .database()
        .update_item(serde_json::from_value(spoil).unwrap())
        .unwrap();
    world.time.pass(secs(61));
    world.sweep().await;
    let mut states = states(&world);
    states.sort();
    assert_eq!(
        (states, world.portal.inbox().len()),
        (vec!["failed".to_owned(), "sent".to_owned()], 1)
    );
}

#[tokio::test]
async fn the_silent_budget_protects_a_mailbox_and_is_written_down() {
    let world = World::with(&[("EmailsPerHour", "2"), ("EmailsPerDayPortal", "3")]).await;
    for _ in 0..3 {
        world.browser().ask("ada@example.com").await;
    }
    let count = |state: &str| states(&world).iter().filter(|one| *one == state).count();
    assert_eq!(
        (count("sent"), count("throttled"), world.mails().await.len()),
        (2, 1, 2)
    );
    world.time.pass(mins(60));
    world.browser().ask("ada@example.com").await;
    world.browser().ask("ada@example.com").await;
    assert_eq!(
        (count("sent"), count("throttled"), world.mails().await.len()),
        (3, 2, 3)
    );
    // The alarm of the template reads the second of these in the log.
    let mut reasons: Vec<_> = world
        .rows("emails")
        .iter()
        .filter_map(|row| row["reason"]["S"].as_str().map(str::to_owned))
        .collect();
    reasons.sort();
    assert_eq!(reasons, ["address-budget", "portal-budget"]);
    let said = r#""end":"throttled","reason":"portal-budget""#;
    assert!(local::logs::taken().contains(said));
    assert!(include_str!("../../template.yaml").contains(r#"'{ $.reason = "portal-budget" }'"#));
}
