//! No valid credential is at rest, in the stream, in a log or in another email.

use kit::routes::VERIFY;
use kit::{ADA, World, mins};
use local::Options;
use local::aws_stub::Fault;
use serde_json::{Value, json};

#[tokio::test]
async fn no_table_stream_log_or_other_email_holds_a_credential() {
    let root = "R00tSecretOfTheRing".repeat(4);
    let options = Options {
        key_ring: Some(json!({"root": root, "keys": []}).to_string()),
        ..Options::default()
    };
    let world = World::of(options).await;
    let mut secrets = vec![("the root", root)];
    let mut credentials = vec![];
    for by_link in [true, false] {
        let client = world.client();
        let email = client.receive_login_email(ADA).await;
        let verify = if by_link {
            client.verify_link(&email.token())
        } else {
            client.verify_code(&email.code)
        };
        verify.await.assert("200");
        client.verify_code(&email.wrong_code()).await;
        let session = client.session().unwrap();
        let claims = session.split('.').nth(1).unwrap().to_owned();
        secrets.extend([
            ("the nonce", client.nonces().unwrap()),
            ("the session's claims", claims),
            ("the session's secret id", session_id(&session)),
            ("the session's token", session),
        ]);
        credentials.push((email.token(), email.code.clone()));
        client.me().await;
        client.open(email.path()).await;
        world.clock.advance(mins(6));
        client.me().await;
        if by_link {
            client.logout().await;
        }
    }
    // The provider's error names the address.
    let message =
        "Email address is not verified. The following identities failed the check: ada@example.com";
    let rejected = json!({"__type": "MessageRejected", "message": message}).to_string();
    world.inject(Fault::Reply(400, rejected), |call| call.service == "ses");
    world.client().request_login(ADA).await;
    world.settle().await;
    world.clear_fault();
    let client = world.client();
    client
        .post(VERIFY)
        .without_origin()
        .bytes("token=s3cret-in-a-body")
        .await;
    client
        .open(&format!("{VERIFY}/s3cret-in-a-path?s3cret=in-a-query"))
        .await;

    let tables = world.snapshot();
    let stream = json!(world.portal.stream_records(None).unwrap()).to_string();
    let logs = local::logs::taken();
    assert!(tables.len() > 1000 && stream.len() > 1000);
    assert!(logs.contains("POST /auth/verify"), "the logs are searched");
    for (place, text) in [
        ("the tables", &tables),
        ("the stream", &stream),
        ("the logs", &logs),
    ] {
        for (what, secret) in &secrets {
            assert!(!text.contains(secret), "{what} is in {place}");
        }
        for (token, code) in &credentials {
            let signature = token.rsplit('.').next().unwrap();
            let bare_code = format!("\"{}\"", code.replace(' ', ""));
            for secret in [token, signature, code, &bare_code] {
                assert!(
                    !text.contains(secret),
                    "a link or code is in {place}: {secret}"
                );
            }
        }
        assert!(!text.contains("s3cret"), "a request is in {place}");
    }
    for personal in [ADA, "198.18."] {
        assert!(!logs.contains(personal), "{personal} is in the logs");
    }
    let lines = logs.lines();
    for line in lines.filter(|line| line.contains(r#""message":"answered""#)) {
        let line: Value = serde_json::from_str(line).unwrap();
        let id = line["id"].as_str().map(str::len);
        assert_eq!(id, Some(36), "no invocation id: {line}");
    }
    for (n, email) in world.emails().await.iter().enumerate() {
        let text = format!(
            "{} {} {} {:?}",
            email.subject, email.text, email.html, email.links
        );
        for (m, (token, code)) in credentials.iter().enumerate() {
            // A link and a code are only in their own email.
            assert_eq!(text.contains(token), n == m);
            assert_eq!(text.contains(code), n == m);
            assert!(!email.subject.contains(code));
        }
        for (what, secret) in &secrets {
            assert!(!text.contains(secret), "{what} is in an email");
        }
    }
}

/// Returns the `sid` claim.
fn session_id(token: &str) -> String {
    let decoded = jsonwebtoken::dangerous::insecure_decode::<Value>(token);
    let claims = decoded.unwrap().claims;
    claims["sid"].as_str().unwrap().to_owned()
}
