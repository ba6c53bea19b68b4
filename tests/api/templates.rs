//! The texts of emails: shown, checked, previewed, saved, sent and reverted by administrators.

use kit::routes::TEMPLATES;
use kit::{ADA, ApiClient, World, hours, mins};
use local::aws_stub::Fault;
use reqwest::Method;
use serde_json::{Value, json};
use shared::domain::language::Language;
use shared::email::{MessageKind, shipped};

const HTML: &str = "<h1>Hello</h1><p>Go to <strong>{{portal}}</strong>.</p>\
                    <a class=\"button\" href=\"{{link}}\">Go</a><p class=\"code\">{{code}}</p>";

/// Returns texts of the sign-in email that fit.
fn texts() -> Value {
    json!({
        "subject": "Welcome to {{portal}}",
        "text": "Hello\n\n{{link}}\n\n{{code}}\n",
        "html": HTML,
    })
}

/// Returns texts that fit with one of them replaced.
fn texts_with(part: &str, text: &str) -> Value {
    let mut texts = texts();
    texts[part] = json!(text);
    texts
}

async fn list(client: &ApiClient<'_>) -> Vec<Value> {
    let list = client.admin_request(Method::GET, TEMPLATES).await;
    list.assert("200").json()["templates"]
        .as_array()
        .unwrap()
        .clone()
}

async fn entry(client: &ApiClient<'_>, message: &str, language: &str) -> Value {
    let mut list = list(client).await;
    list.retain(|entry| entry["message"] == message && entry["language"] == language);
    list.remove(0)
}

#[tokio::test]
async fn every_message_is_listed_and_shown_in_every_language() {
    let world = World::start().await;
    let admin = world.client();
    let count = MessageKind::ALL.len() * Language::ALL.len();
    assert_eq!(list(&admin).await.len(), count);
    for kind in MessageKind::ALL {
        for language in Language::ALL {
            let (message, tag) = (kind.as_str(), language.tag());
            let listed = entry(&admin, message, tag).await;
            let expected = json!({
                "message": message, "language": tag, "overridden": false, "fits": true,
            });
            assert_eq!(listed, expected);
            let shown = admin.get_template(message, tag).await.assert("200").json();
            let source = shipped(kind, language);
            assert_eq!(shown["overridden"], false);
            for (part, text) in [
                ("subject", source.subject),
                ("text", source.text),
                ("html", source.html),
            ] {
                assert_eq!(shown[part], text);
                assert_eq!(shown["shipped"][part], text);
            }
            let variables = shown["variables"].as_array().unwrap();
            assert_eq!(variables.len(), kind.variables().len());
            let preview = admin.preview_template(message, tag).body(json!({}));
            let preview = preview.await.assert("200").json();
            for part in ["subject", "text", "html"] {
                let text = preview[part].as_str().unwrap();
                assert!(
                    !text.is_empty() && !text.contains("{{"),
                    "{message} {tag}: {text}"
                );
            }
            assert!(
                preview["html"]
                    .as_str()
                    .unwrap()
                    .contains(&format!("lang=\"{tag}\""))
            );
        }
    }
}

#[tokio::test]
async fn an_override_is_previewed_saved_sent_and_reverted() {
    for language in ["en", "de"] {
        let world = World::start().await;
        let admin = world.client();
        let receive = async || {
            world.clock.advance(hours(1));
            let client = world.client();
            let request = client
                .request_login(ADA)
                .header("accept-language", language);
            request.await.assert("200");
            world.latest_email().await
        };
        let before = receive().await;
        let preview = admin.preview_template("sign-in", language).body(texts());
        let preview = preview.await.assert("200").json();
        assert_eq!(preview["subject"], "Welcome to Partner");
        assert_eq!(receive().await.subject, before.subject);

        let saved = admin.save_template("sign-in", language).body(texts());
        let saved = saved.await.assert("200").json();
        assert_eq!(saved["overridden"], true);
        let shown = admin.get_template("sign-in", language).await.json();
        assert_eq!(shown, saved);
        assert_eq!(shown["html"], HTML);
        let listed = entry(&admin, "sign-in", language).await;
        assert_eq!(listed["saved_at"], "2026-11-21T16:00:00Z");
        assert_eq!(
            (&listed["overridden"], &listed["fits"]),
            (&json!(true), &json!(true))
        );

        let email = receive().await;
        assert_eq!(email.subject, "Welcome to Partner");
        assert_eq!(
            email.text,
            format!("Hello\n\n{}\n\n{}\n", email.link(), email.code)
        );
        let lang = format!("<html lang=\"{language}\"");
        assert!(email.html.contains(&lang) && email.html.contains(">Hello</h1>"));
        // Other languages and messages keep the shipped text.
        let other = if language == "en" { "de" } else { "en" };
        assert_eq!(entry(&admin, "sign-in", other).await["overridden"], false);
        assert_eq!(entry(&admin, "reset", language).await["overridden"], false);

        admin
            .revert_template("sign-in", language)
            .await
            .assert("204");
        admin
            .revert_template("sign-in", language)
            .await
            .assert("204");
        assert_eq!(receive().await.subject, before.subject);
        assert!(world.rows("templates").is_empty());

        for (action, severity) in [("template.saved", "warning"), ("template.reverted", "info")] {
            let records = world.audit(&format!("partner.{action}"));
            assert_eq!(records.len(), 1, "{action}");
            let name = format!("sign-in/{language}");
            assert_eq!(records[0]["pk"]["S"], format!("template#{name}"));
            assert_eq!(records[0]["resource_type"]["S"], "template");
            assert_eq!(records[0]["resource_id"]["S"], name);
            assert_eq!(records[0]["severity"]["S"], severity);
            let actor = records[0]["metadata"]["M"]["actor"]["S"].as_str().unwrap();
            assert!(actor.starts_with("arn:aws:"), "{actor}");
        }
    }
}

#[tokio::test]
async fn a_preview_takes_what_is_missing_from_the_texts_that_are_sent_now() {
    let world = World::start().await;
    let admin = world.client();
    admin
        .save_template("sign-in", "en")
        .body(texts())
        .await
        .assert("200");
    let preview = admin
        .preview_template("sign-in", "en")
        .with("subject", "New");
    let preview = preview.await.assert("200").json();
    assert_eq!(preview["subject"], "New");
    assert!(preview["html"].as_str().unwrap().contains(">Hello</h1>"));
    let null = admin
        .preview_template("sign-in", "en")
        .body(json!({"subject": null}));
    null.await.assert("400 invalid-request");
}

#[tokio::test]
async fn every_error_is_named_with_its_place_and_nothing_is_saved() {
    let world = World::start().await;
    let admin = world.client();
    let long = "a".repeat(20_001);
    for (part, text, file, line, column) in [
        ("subject", "", "subject.txt", 1, 1),
        ("subject", "a\nb", "subject.txt", 1, 2),
        ("subject", "a {{nobody}}", "subject.txt", 1, 3),
        (
            "text",
            "a\n  {{nobody}}\n{{link}} {{code}}",
            "text.txt",
            2,
            3,
        ),
        ("text", "{{link}}\n", "text.txt", 1, 9),
        ("text", &long, "text.txt", 1, 20_001),
        ("html", "<p>a</p>\n<script>b</script>", "body.html", 2, 1),
        (
            "html",
            "<p>a\n<a href=\"javascript:x\">b</a></p>",
            "body.html",
            2,
            10,
        ),
        ("html", "<p onload=\"x\">a</p>", "body.html", 1, 4),
        ("html", "<p>{{code}}</p>", "body.html", 1, 16),
        ("html", "<p>a", "body.html", 1, 1),
    ] {
        let texts = texts_with(part, text);
        for request in [
            admin.save_template("sign-in", "en").body(texts.clone()),
            admin.preview_template("sign-in", "en").body(texts),
        ] {
            let problem = request.await.assert("422 invalid-template").json();
            let error = &problem["errors"][0];
            let place = (&error["file"], &error["line"], &error["column"]);
            assert_eq!(
                place,
                (&json!(file), &json!(line), &json!(column)),
                "{text}: {problem}"
            );
        }
    }
    let wrong = texts_with("html", "a");
    let wrong = admin.save_template("sign-in", "en").body(wrong);
    let problem = wrong.header("accept-language", "de").await.json();
    let message = problem["errors"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("Text muss"), "{problem}");
    assert!(world.rows("templates").is_empty());
    assert!(world.audit("partner.template.saved").is_empty());
}

#[tokio::test]
async fn hostile_bodies_and_names_are_refused() {
    let world = World::start().await;
    let admin = world.client();
    for (message, language) in [("nobody", "en"), ("sign-in", "fr"), ("sign-in", "EN")] {
        for request in [
            admin.get_template(message, language),
            admin.save_template(message, language).body(texts()),
            admin.preview_template(message, language).body(json!({})),
            admin.revert_template(message, language),
        ] {
            request.await.assert("404 not-found");
        }
    }
    let save = || admin.save_template("sign-in", "en");
    for body in [
        json!({}),
        json!([]),
        json!({"subject": "a", "text": "b"}),
        json!({"subject": 1, "text": "b", "html": "c"}),
        json!({"subject": "a", "text": "b", "html": null}),
        json!({"subject": "a", "text": "b", "html": "c", "actor": "d"}),
    ] {
        save().body(body).await.assert("400 invalid-request");
    }
    save()
        .bytes("{")
        .header("content-type", "application/json")
        .await
        .assert("400 invalid-request");
    let huge = texts_with("html", &"a".repeat(300_000));
    save().body(huge).await.assert("413 payload-too-large");
    let form = save().with("subject", "a").form();
    form.await.assert("415 unsupported-media-type");
    save()
        .body(texts())
        .query("a", "b")
        .await
        .assert("400 invalid-request");
    let deep = "<p>".to_owned() + &"<em>".repeat(4000);
    save()
        .body(texts_with("html", &deep))
        .await
        .assert("422 invalid-template");
}

#[tokio::test]
async fn a_text_of_an_earlier_release_that_no_longer_fits_gives_way_to_the_shipped_one() {
    let world = World::start().await;
    let admin = world.client();
    for (part, text) in [
        ("html", "<p>{{gone}}</p>"),
        ("text", "without a link"),
        ("subject", ""),
        ("html", "<table>"),
    ] {
        let mut row = json!({"pk": {"S": "sign-in"}, "sk": {"S": "en"}, "saved_at": {"N": "1"}});
        for (name, text) in texts_with(part, text).as_object().unwrap() {
            row[name] = json!({"S": text});
        }
        world.put_row("templates", &row);
        local::logs::taken();
        world.clock.advance(hours(1));
        let email = world.client().receive_login_email(ADA).await;
        assert_eq!(email.subject, "Sign in to Partner", "{part}");
        let logs = local::logs::taken();
        let line = logs
            .lines()
            .find(|line| line.contains("an email template does not fit"));
        let line = line.expect("the mailer says so");
        assert!(
            line.contains("\"sign-in\"") && line.contains("\"en\""),
            "{line}"
        );
        assert_eq!(entry(&admin, "sign-in", "en").await["fits"], false);
        let shown = admin
            .get_template("sign-in", "en")
            .await
            .assert("200")
            .json();
        assert_eq!(shown[part], text);
    }
    // A row of a message that this release does not have is left out.
    world.put_row(
        "templates",
        &json!({"pk": {"S": "gone"}, "sk": {"S": "en"}}),
    );
    assert_eq!(list(&admin).await.len(), 16);
    // A row without texts fits nothing.
    world.put_row(
        "templates",
        &json!({"pk": {"S": "sign-in"}, "sk": {"S": "en"}}),
    );
    world.clock.advance(hours(1));
    let email = world.client().receive_login_email(ADA).await;
    assert_eq!(email.subject, "Sign in to Partner");
}

#[tokio::test]
async fn an_email_waits_while_its_texts_cannot_be_read() {
    let world = World::start().await;
    let admin = world.client();
    admin
        .save_template("sign-in", "en")
        .body(texts())
        .await
        .assert("200");
    world.inject(Fault::FailBefore, |call| {
        call.operation == "GetItem" && call.body.to_string().contains("-templates")
    });
    world.client().request_login(ADA).await.assert("200");
    world.settle().await;
    assert!(world.emails().await.is_empty());
    assert_eq!(world.rows("emails")[0]["status"]["S"], "sending");
    world.clear_fault();
    world.clock.advance(mins(2));
    world.sweep().await;
    assert_eq!(world.latest_email().await.subject, "Welcome to Partner");
}

#[tokio::test]
async fn of_two_texts_saved_at_once_one_is_kept_as_a_whole() {
    let world = World::start().await;
    let admin = world.client();
    for round in 0..5 {
        let save = |name: &str| {
            let subject = format!("{name}{round}");
            let text = format!("{subject}\n{{{{link}}}}\n{{{{code}}}}\n");
            let mut texts = texts_with("subject", &subject);
            texts["text"] = json!(text);
            admin.save_template("sign-in", "en").body(texts)
        };
        let (a, b, c) = tokio::join!(save("a"), save("b"), save("c"));
        let saved = [a, b, c].iter().filter(|saved| saved.status == 200).count();
        assert!(saved >= 1);
        let shown = admin.get_template("sign-in", "en").await.json();
        let subject = shown["subject"].as_str().unwrap();
        assert!(
            shown["text"].as_str().unwrap().starts_with(subject),
            "{shown}"
        );
        let records = world.audit("partner.template.saved").len();
        assert!(records >= saved, "{records}");
    }
}
