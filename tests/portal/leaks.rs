//! Promises 2 and 9: no live credential is at rest, in the stream, in a log or in the wrong mail.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{World, mins};

#[tokio::test]
async fn nothing_at_rest_in_a_log_or_in_another_mail_gives_anybody_in() {
    let root = "R00tSecretOfTheRing".repeat(4);
    let options = local::Options {
        key_ring: Some(json!({"root": root, "keys": []}).to_string()),
        ..local::Options::default()
    };
    let world = World::of(options).await;
    let mut secrets = vec![("the root", root)];
    let mut credentials = vec![];
    for begin in ["token", "code"] {
        let browser = world.browser();
        let mail = browser.ask("ada@example.com").await;
        let body = if begin == "token" {
            json!({"token": mail.token()})
        } else {
            json!({"code": mail.code()})
        };
        assert_eq!(browser.post("/auth/verify", body).await.status, 200);
        browser
            .post("/auth/verify", json!({"code": mail.other_code()}))
            .await;
        let session = browser.cookie("partner.sid").unwrap();
        let claims = session.split('.').nth(1).unwrap().to_owned();
        secrets.extend([
            ("the nonce", browser.cookie("partner.requests").unwrap()),
            ("the session's token", session.clone()),
            ("the session's claims", claims),
            ("the session's secret id", session_id(&session)),
        ]);
        credentials.push((mail.token(), mail.code()));
        browser.me().await;
        browser.get(&mail.path()).await;
        world.time.pass(mins(6));
        browser.me().await;
        if begin == "token" {
            browser.post("/auth/logout", json!({})).await;
        }
    }
    // What the provider says when it refuses names the address.
    let words =
        "Email address is not verified. The following identities failed the check: ada@example.com";
    let refusal = json!({"__type": "MessageRejected", "message": words}).to_string();
    world
        .portal
        .set_fault(move |attempt| match attempt.service.as_str() {
            "ses" => local::aws_stub::Fault::Reply(400, refusal.clone()),
            _ => local::aws_stub::Fault::None,
        });
    world
        .browser()
        .post("/auth/request-login", json!({"email": "ada@example.com"}))
        .await;
    world.settled().await;
    world.portal.set_fault(|_| local::aws_stub::Fault::None);
    let broken = world.browser();
    let _ = broken
        .send(
            broken
                .bare(Method::POST, "/auth/verify")
                .body("token=s3cret-in-a-body"),
        )
        .await;
    let _ = broken
        .get("/auth/verify/s3cret-in-a-path?s3cret=in-a-query")
        .await;

    let tables = world.everything();
    let stream = json!(world.portal.stream_records(None).unwrap()).to_string();
    let logs = local::logs::taken();
    assert!(
        tables.len() > 1000 && stream.len() > 1000 && logs.contains("POST /auth/verify"),
        "there is something to search"
    );
    let mails = world.mails().await;
    for (place, text) in [
        ("the tables", &tables),
        ("the stream", &stream),
        ("the logs", &logs),
    ] {
        for (what, secret) in &secrets {
            assert!(!text.contains(secret.as_str()), "{what} is in {place}");
        }
        for (token, code) in &credentials {
            let bare = code.replace(' ', "");
            assert!(!text.contains(token.as_str()), "a link is in {place}");
            assert!(
                !text.contains(&token.split('.').nth(2).unwrap().to_owned()),
                "a link's signature is in {place}"
            );
            assert!(
                !text.contains(code.as_str()) && !text.contains(&format!("\"{bare}\"")),
                "a code is in {place}"
            );
        }
        assert!(!text.contains("s3cret"), "what was sent is in {place}");
    }
    assert!(
        !logs.contains("ada@example.com") && !logs.contains("198.18."),
        "an address is in the logs"
    );
    for line in logs
        .lines()
        .filter(|line| line.contains(r#""message":"answered""#))
    {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            line["id"].as_str().map(str::len),
            Some(36),
            "a line names its invocation: {line}"
        );
    }
    for (n, (token, code)) in credentials.iter().enumerate() {
        for (m, mail) in mails.iter().enumerate() {
            let text = mail.to_string();
            assert_eq!(
                text.contains(token.as_str()),
                n == m,
                "a link is in its own mail only"
            );
            assert_eq!(
                text.contains(code.as_str()),
                n == m,
                "a code is in its own mail only"
            );
            assert!(!mail["subject"].as_str().unwrap().contains(code.as_str()));
            for (what, secret) in &secrets {
                assert!(!text.contains(secret.as_str()), "{what} is in a mail");
            }
        }
    }
}

/// The `sid` claim.
fn session_id(token: &str) -> String {
    let claims: Value = jsonwebtoken::dangerous::insecure_decode(token)
        .unwrap()
        .claims;
    claims["sid"].as_str().unwrap().to_owned()
}
