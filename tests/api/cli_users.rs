//! `vestibule users`, run against a local portal through a real socket.

use clap::Parser;
use cli::Arguments;
use cli::error::Error;
use kit::{ADA, World, secs};
use local::aws_stub::Fault;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, iter};

const EVE: &str = "eve@example.com";

async fn run(world: &World, arguments: &[&str]) -> Result<String, Error> {
    let url = world.portal.url();
    let all = ["vestibule", "users"].iter().chain(arguments);
    let all = all.copied().chain(["--api", url.as_str()]);
    let arguments = Arguments::try_parse_from(all).unwrap_or_else(|error| unreachable!("{error}"));
    cli::run(arguments, &world.clock.clock()).await
}

/// Writes a file of a test, and returns its path.
fn file(name: &str, lines: &[String]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, lines.join("\n")).unwrap();
    path
}

fn line(number: usize) -> String {
    let email = format!("user{number:03}@example.com");
    json!({ "email": email, "name": format!("User {number}") }).to_string()
}

#[tokio::test]
async fn a_user_is_invited_suspended_reactivated_signed_out_and_erased() {
    let world = World::start().await;
    let invited = run(
        &world,
        &["invite", EVE, "--name", "Eve", "--role", "editor"],
    )
    .await;
    assert_eq!(invited, Ok("eve@example.com is invited.".to_owned()));
    world.settle().await;
    assert_eq!(world.latest_email().await.to, EVE);
    let twice = run(&world, &["invite", EVE, "--name", "Eve"]).await;
    assert!(matches!(twice, Err(Error::Refused(_))), "{twice:?}");
    world.clock.advance(secs(1));
    let again = run(&world, &["invite", EVE, "--again"]).await;
    assert_eq!(again, Ok("eve@example.com is invited.".to_owned()));

    let ada = world.client();
    ada.sign_in_by_link(ADA).await;
    let ended = run(&world, &["end-sessions", "Ada@Example.com"]).await;
    assert_eq!(
        ended,
        Ok("Ada@Example.com is signed out everywhere.".to_owned())
    );
    ada.me().await.assert("401 not-authenticated");

    ada.sign_in_by_link(ADA).await;
    let id = world.user_id(ADA);
    let suspended = run(&world, &["suspend", &id]).await.unwrap();
    assert!(
        suspended.ends_with("is suspended and signed out everywhere."),
        "{suspended}"
    );
    ada.me().await.assert("401 not-authenticated");
    let shown = run(&world, &["show", ADA]).await.unwrap();
    assert!(shown.contains("  status          suspended"), "{shown}");
    assert!(shown.contains(": suspended 2026-11-21T14:0"), "{shown}");
    assert!(shown.contains("  sign-in: "), "{shown}");
    run(&world, &["reactivate", ADA]).await.unwrap();
    ada.sign_in_by_link(ADA).await;

    let erased = run(&world, &["erase", ADA, "--yes"]).await;
    assert_eq!(erased, Ok("ada@example.com is erased.".to_owned()));
    ada.me().await.assert("401 not-authenticated");
    let gone = run(&world, &["show", ADA]).await.unwrap_err();
    let expected = "No user has the address ada@example.com.";
    assert!(gone.to_string().starts_with(expected), "{gone}");
}

#[tokio::test]
async fn all_users_are_listed_whatever_a_page_holds() {
    let world = World::start().await;
    let lines: Vec<_> = (0..130).map(line).collect();
    let path = file("all_users_are_listed", &lines);
    run(&world, &["import", path.to_str().unwrap()])
        .await
        .unwrap();
    let listed = run(&world, &["list", "--prefix", "user", "--limit", "1000"])
        .await
        .unwrap();
    assert_eq!(listed.lines().count(), 130);
    assert!(
        listed.starts_with("active    user000@example.com  User 0  usr_"),
        "{listed}"
    );
    let printed = run(
        &world,
        &["list", "--prefix", "user", "--limit", "101", "--json"],
    )
    .await;
    let printed: Value = serde_json::from_str(&printed.unwrap()).unwrap();
    assert_eq!(printed["users"].as_array().unwrap().len(), 101);
    assert!(printed["next"].is_string(), "{}", printed["next"]);
}

#[tokio::test]
async fn an_import_tells_each_refused_line_and_creates_all_others_once() {
    let world = World::start().await;
    let hash = "$argon2id$v=19$m=1,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA";
    let mut lines: Vec<_> = (0..40).map(line).collect();
    lines[3] = json!({ "email": "no address", "name": "Nobody" }).to_string();
    lines[7] = "not JSON".to_owned();
    lines[11] = String::new();
    lines[19] = json!({ "email": "x@example.com", "name": "X", "nickname": "Y" }).to_string();
    lines[23] = json!({ "email": "USER005@example.com", "name": "Twice" }).to_string();
    lines[30] = json!({ "email": "y@example.com", "name": "Y", "password": hash }).to_string();
    let path = file("an_import_tells_each_refused_line", &lines);
    let path = path.to_str().unwrap();

    let report = run(&world, &["import", path, "--json"]).await;
    let Err(Error::Found(report)) = report else {
        unreachable!("{report:?}");
    };
    assert!(
        !report.contains(hash) && !report.contains("c2FsdHNhbHQ"),
        "{report}"
    );
    let report: Value = serde_json::from_str(&report).unwrap();
    let refused = report["refused"].as_array().unwrap();
    let numbers: Vec<_> = refused
        .iter()
        .map(|one| one["line"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [4, 8, 20, 24, 31]);
    assert_eq!(
        (&report["created"], &report["existed"]),
        (&json!(34), &json!(0))
    );

    let again = run(&world, &["import", path])
        .await
        .unwrap_err()
        .to_string();
    assert!(
        again.contains("line 8: This is not a JSON object on one line."),
        "{again}"
    );
    assert!(
        again.contains("line 24: Line 6 has the same address."),
        "{again}"
    );
    assert!(
        again.contains("line 20: ") && again.contains("nickname"),
        "{again}"
    );
    assert!(
        again.ends_with("0 created, 34 existed already, 5 refused."),
        "{again}"
    );
}

#[tokio::test]
async fn an_interrupted_import_is_finished_by_the_same_file() {
    let world = World::start().await;
    let lines: Vec<_> = (0..60).map(line).collect();
    let path = file("an_interrupted_import", &lines);
    let path = path.to_str().unwrap();
    let before = world.rows("users").len();
    // As if the process had been killed after a few lines of the second batch.
    let first: Vec<_> = lines.iter().take(31).cloned().collect();
    let part = file("an_interrupted_import_part", &first);
    run(&world, &["import", part.to_str().unwrap()])
        .await
        .unwrap();
    // The database fails for some time. The command waits, and sends the same users again.
    let failed = AtomicUsize::new(0);
    world.inject(Fault::FailBefore, move |call| {
        call.operation == "TransactWriteItems" && failed.fetch_add(1, Ordering::Relaxed) < 6
    });
    let report = run(&world, &["import", path]).await;
    assert_eq!(
        report,
        Ok("29 created, 31 existed already, 0 refused.".to_owned())
    );
    let each = (world.rows("users").len() - before) / 60;
    assert_eq!(world.rows("users").len() - before, each * 60);
    let again = run(&world, &["import", path]).await;
    assert_eq!(
        again,
        Ok("0 created, 60 existed already, 0 refused.".to_owned())
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_read_and_a_portal_that_refuses_calls_are_failures() {
    let world = World::start().await;
    let missing = run(&world, &["import", "/nowhere/users.jsonl"])
        .await
        .unwrap_err();
    assert!(matches!(&missing, Error::Failed(why) if why.starts_with("Could not read")));
    let lines: Vec<_> = iter::once(line(1)).collect();
    let path = file("a_portal_that_refuses", &lines);
    let arguments = ["vestibule", "users", "import", path.to_str().unwrap()];
    let all = arguments
        .iter()
        .copied()
        .chain(["--api", "http://127.0.0.1:9"]);
    let refused = cli::run(
        Arguments::try_parse_from(all).unwrap(),
        &world.clock.clock(),
    )
    .await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.starts_with("Could not reach 127.0.0.1:9: "),
        "{refused}"
    );
}
