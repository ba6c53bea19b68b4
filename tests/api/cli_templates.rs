//! `vestibule templates`, on an embedded portal.

use clap::Parser;
use cli::Arguments;
use cli::error::Error;
use kit::{ADA, World};
use std::fs;
use std::path::{Path, PathBuf};

async fn run(world: &World, arguments: &[&str]) -> Result<String, Error> {
    let url = world.portal.url();
    let all = ["vestibule", "templates"].iter().chain(arguments);
    let all = all.copied().chain(["--api", url.as_str()]);
    let arguments = Arguments::try_parse_from(all).unwrap_or_else(|error| unreachable!("{error}"));
    cli::run(arguments, &world.clock.clock()).await
}

/// Returns a new folder for the files of a test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _absent = fs::remove_dir_all(&folder);
    folder
}

#[tokio::test]
async fn texts_are_edited_as_files() {
    let world = World::start().await;
    let folder = folder("texts_are_edited_as_files");
    let path = folder.to_str().unwrap();
    let list = run(&world, &["list"]).await.unwrap();
    assert!(list.contains("sign-in           en  shipped"), "{list}");
    let shown = run(&world, &["show", "sign-in", "en"]).await.unwrap();
    assert!(shown.contains("Subject: Sign in to {{portal}}"), "{shown}");
    assert!(shown.contains("the link (required)"), "{shown}");

    run(&world, &["show", "sign-in", "en", "--into", path])
        .await
        .unwrap();
    let checked = run(&world, &["check", "sign-in", "en", path]).await;
    assert_eq!(checked, Ok("No errors.".to_owned()));
    fs::write(folder.join("subject.txt"), "Welcome to {{portal}}\r\n").unwrap();
    let preview = run(&world, &["preview", "sign-in", "en", path])
        .await
        .unwrap();
    assert!(
        preview.starts_with("Subject: Welcome to Partner\n"),
        "{preview}"
    );
    let html = fs::read_to_string(folder.join("preview.html")).unwrap();
    let text = fs::read_to_string(folder.join("preview.txt")).unwrap();
    assert!(html.starts_with("<!doctype html>") && text.contains("1234 5678"));

    run(&world, &["save", "sign-in", "en", path]).await.unwrap();
    let list = run(&world, &["list"]).await.unwrap();
    assert!(
        list.contains("sign-in           en  saved at 2026-11-21T14:00:00Z"),
        "{list}"
    );
    let email = world.client().receive_login_email(ADA).await;
    assert_eq!(email.subject, "Welcome to Partner");
    run(&world, &["revert", "sign-in", "en"]).await.unwrap();
    let json = run(&world, &["show", "sign-in", "en", "--json"])
        .await
        .unwrap();
    assert!(json.contains("\"overridden\": false"), "{json}");
}

#[tokio::test]
async fn errors_are_printed_with_their_places() {
    let world = World::start().await;
    let folder = folder("errors_are_printed_with_their_places");
    let path = folder.to_str().unwrap();
    run(&world, &["show", "reset", "de", "--into", path])
        .await
        .unwrap();
    fs::write(folder.join("body.html"), "<p>a\n {{nobody}}</p>").unwrap();
    for command in ["check", "preview", "save"] {
        let failed = run(&world, &[command, "reset", "de", path])
            .await
            .unwrap_err();
        let expected = "body.html:2:2: {{nobody}} is not a variable of this message.";
        assert!(failed.to_string().contains(expected), "{failed}");
    }
    let unknown = run(&world, &["show", "reset", "fr"]).await.unwrap_err();
    assert!(
        unknown.to_string().contains("no email template"),
        "{unknown}"
    );
    let hostile = run(&world, &["show", "../users", "de"]).await.unwrap_err();
    assert!(hostile.to_string().contains("templates list"), "{hostile}");
    let nowhere = run(&world, &["check", "reset", "de", "/nowhere"])
        .await
        .unwrap_err();
    assert!(
        nowhere
            .to_string()
            .contains("Could not read /nowhere/subject.txt"),
        "{nowhere}"
    );
    assert!(world.rows("templates").is_empty());
}
