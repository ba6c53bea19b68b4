//! `vestibule emails`, run against a local portal through a real socket.

use crate::admin::emails::{newest, report, suppress};
use clap::Parser;
use cli::Arguments;
use cli::error::Error;
use kit::{ADA, World, mins, secs};
use local::aws_stub::Fault;
use serde_json::{Value, json};
use shared::domain::email::EmailEventKind;

/// Runs `vestibule emails` with these arguments.
async fn run(world: &World, arguments: &[&str]) -> Result<String, Error> {
    let url = world.portal.url();
    let arguments = [&["vestibule", "emails"], arguments, &["--api", &url]].concat();
    let arguments = Arguments::try_parse_from(arguments).unwrap();
    cli::run(arguments, &world.clock.clock()).await
}

#[tokio::test]
async fn the_story_of_an_email_is_told_in_sentences() {
    let world = World::start().await;
    let ada = world.client();
    let email = ada.receive_login_email(ADA).await;
    world.clock.advance(secs(65));
    report(&world, ADA, EmailEventKind::Delivered, "250 ok").await;
    ada.verify_link(&email.token()).await.assert("200");
    let shown = newest(&world, ADA).await;
    let (id, message) = (&shown["id"], &shown["message_id"]);
    let expected = format!(
        "ada@example.com is not suppressed: emails to it are sent.

Sign-in email from 21 November 2026 at 14:00 UTC: delivered.
  14:00:00  It was requested from Firefox on Windows, {}.
  14:00:00  The portal prepared the message “sign-in”.
  14:00:00  Amazon SES accepted it as message {}.
  14:01:05  The recipient’s mail server accepted it: 250 ok
  14:01:05  Its link or code was used.
  ID {}",
        ada.ip(),
        message.as_str().unwrap(),
        id.as_str().unwrap()
    );
    assert_eq!(
        run(&world, &["show", "Ada@example.com"]).await,
        Ok(expected.replacen("ada@", "Ada@", 1))
    );
    let nobody = run(&world, &["show", "o'neil+tag@example.com"])
        .await
        .unwrap();
    assert!(nobody.ends_with("No email to this address has been requested."));
}

#[tokio::test]
async fn json_is_what_the_api_returns() {
    let world = World::start().await;
    world.client().sign_in_by_link(ADA).await;
    let printed = run(&world, &["show", ADA, "--json", "--limit", "1"]).await;
    let printed: Value = serde_json::from_str(&printed.unwrap()).unwrap();
    let page = world.client().list_emails_to(ADA).await.json();
    assert_eq!(printed, page);
}

#[tokio::test]
async fn a_suppressed_address_is_lifted_and_its_email_is_sent_again() {
    let world = World::start().await;
    suppress(&world, ADA).await;
    world.client().request_login(ADA).await.assert("200");
    world.settle().await;
    let shown = run(&world, &["show", ADA]).await.unwrap();
    let first = "ada@example.com is suppressed: since 21 November 2026 at 14:00 UTC nothing is \
                 sent to it, because an email to it bounced for good (smtp; 550 5.1.1 no such \
                 user).\nWhen the mailbox works: vestibule emails lift ada@example.com";
    assert!(shown.starts_with(first), "{shown}");
    assert!(
        shown.contains("  It was not sent: the address was suppressed."),
        "{shown}"
    );
    let id = newest(&world, ADA).await["id"].as_str().unwrap().to_owned();
    let held = run(&world, &["held"]).await.unwrap();
    assert!(
        held.starts_with(&format!("ada@example.com  {id}\n")),
        "{held}"
    );

    let early = run(&world, &["redrive", ADA, &id]).await.unwrap_err();
    assert!(matches!(&early, Error::Refused(why) if why.contains("Lift the suppression first.")));
    let lifted = run(&world, &["lift", ADA]).await.unwrap();
    assert_eq!(lifted, "Emails to ada@example.com will be sent again.");
    let again = Error::Refused("ada@example.com is not suppressed.".to_owned());
    assert_eq!(run(&world, &["lift", ADA]).await, Err(again));
    let redriven = run(&world, &["redrive", ADA, &id]).await.unwrap();
    assert!(
        redriven.ends_with("will be sent within a minute."),
        "{redriven}"
    );
    assert_eq!(
        run(&world, &["held"]).await.unwrap(),
        "No email is held back."
    );
    world.clock.advance(secs(1));
    world.sweep().await;
    world
        .client()
        .verify_link(&world.latest_email().await.token())
        .await
        .assert("200");
}

#[tokio::test]
async fn all_held_emails_are_listed_whatever_a_page_holds() {
    let world = World::with(&[("EmailsPerDayPortal", "1000"), ("EmailsPerHour", "1000")]).await;
    let error = json!({"__type": "MessageRejected", "message": "not verified"});
    world.inject(Fault::Reply(400, error.to_string()), |call| {
        call.service == "ses"
    });
    for _ in 0..105 {
        world.client().request_login(ADA).await;
        world.clock.advance(secs(1));
    }
    world.settle().await;
    let printed = run(&world, &["held", "--json"]).await.unwrap();
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed["emails"].as_array().unwrap().len(), 105);
}

#[tokio::test]
async fn problems_are_sentences_with_an_exit_code() {
    let world = World::start().await;
    let failed = |why: &str| Err(Error::Failed(why.to_owned()));
    assert_eq!(
        run(&world, &["show", "ada"]).await,
        failed("`address` is not a valid email address.")
    );
    assert_eq!(
        run(&world, &["redrive", ADA, "x"]).await,
        failed("No email to this address has this ID.")
    );
    // The gateway refuses a signature that is too old.
    let arguments = ["vestibule", "emails", "held", "--api", &world.portal.url()];
    let arguments = Arguments::try_parse_from(arguments).unwrap();
    let clock = world.clock.clock();
    let late = shared::clock::Clock::from_fn(move || clock.now().plus(mins(6)));
    let refused = cli::run(arguments, &late).await.unwrap_err();
    assert!(refused.to_string().contains("may not call"), "{refused}");
    world.inject(Fault::FailBefore, |call| call.service == "dynamodb");
    let down = run(&world, &["held"]).await.unwrap_err();
    assert!(matches!(down, Error::Failed(_)), "{down}");
    let arguments = ["vestibule", "emails", "held", "--api", "http://127.0.0.1:9"];
    let arguments = Arguments::try_parse_from(arguments).unwrap();
    let unreachable = cli::run(arguments, &world.clock.clock()).await.unwrap_err();
    assert!(
        unreachable
            .to_string()
            .starts_with("Could not reach 127.0.0.1:9: "),
        "{unreachable}"
    );
}

#[test]
fn a_portal_is_named_once() {
    for wrong in [
        vec!["vestibule", "emails", "held"],
        vec![
            "vestibule",
            "emails",
            "held",
            "--api",
            "http://x",
            "--stack",
            "x",
        ],
        vec!["vestibule", "emails", "redrive", ADA, "--api", "http://x"],
        vec![
            "vestibule",
            "emails",
            "show",
            ADA,
            "--limit",
            "0",
            "--api",
            "http://x",
        ],
    ] {
        assert!(Arguments::try_parse_from(&wrong).is_err(), "{wrong:?}");
    }
}
