//! `field` in problem documents: the field of the form or object that must be corrected.

use kit::{ADA, GRACE, World};
use serde_json::{Value, json};

#[tokio::test]
async fn an_invalid_field_is_named_by_its_path() {
    let world = World::with(&[("SelfSignUp", "on")]).await;
    let client = world.client();
    let email = client.receive_login_email(GRACE).await;
    let no_address = json!([{"email": "x", "name": "X"}]);
    let no_text = json!([{"email": ADA, "name": 7}]);
    for (request, field) in [
        (client.request_login("x"), json!("email")),
        (client.post(kit::routes::REQUEST_LOGIN), json!("email")),
        (client.request_login(ADA).with("email", 7), json!("email")),
        (client.request_login(ADA).next("//x"), json!("next")),
        (
            client.request_login(ADA).idempotency_key("x"),
            json!("idempotency_key"),
        ),
        (
            client.request_login(ADA).with("transport", "x"),
            json!("transport"),
        ),
        (client.sign_in(ADA, ""), json!("password")),
        (client.sign_up(ADA, ""), json!("name")),
        (client.verify_code("1234"), json!("code")),
        (client.post(kit::routes::VERIFY), Value::Null),
        (client.create_user("x", "X"), json!("email")),
        (client.create_user(ADA, "\n"), json!("name")),
        (client.import_users(no_text), json!("users[0].name")),
        (client.list_users().query("limit", "x"), json!("limit")),
        (client.list_users().query("limt", "1"), json!("limt")),
    ] {
        let shown = format!("{} {}", request.method(), request.path());
        let problem = request.await.assert("400 invalid-request").json();
        assert_eq!(problem["field"], field, "{shown}: {problem}");
    }
    let weak = client.activate(&email.token(), "short").await;
    let weak = weak.assert("422 weak-password").json();
    assert_eq!(weak["field"], "password");
    let result = client.import_users(no_address).await.assert("200").json();
    assert_eq!(
        result["results"][0]["problem"], "invalid-request",
        "{result}"
    );
}

#[tokio::test]
async fn an_unknown_field_is_named_as_it_was_sent_if_it_is_a_plain_name() {
    let world = World::start().await;
    let client = world.client();
    let longest = "x".repeat(64);
    for name in ["emial", "a.b-c_1", "Email", &longest] {
        for request in [
            client.request_login(ADA).with(name, "x"),
            client.request_login(ADA).with(name, "x").form(),
        ] {
            let is_form = request.clone().await.status == 303;
            let problem = request.await;
            if is_form {
                problem.assert_contains("");
                continue;
            }
            let problem = problem.assert("400 invalid-request").json();
            assert_eq!(problem["field"], name);
        }
    }
    let too_long = "x".repeat(65);
    for name in [
        "",
        "a b",
        "<b>",
        "a`b",
        "a`, expected `b",
        "a`, there are no fields",
        "ä",
        "a\u{202e}b",
        "users[0].email",
        &too_long,
    ] {
        for request in [
            client.request_login(ADA).with(name, "x"),
            client.logout().with(name, "x"),
        ] {
            let problem = request.await.assert("400 invalid-request");
            assert_eq!(
                problem.json()["field"],
                Value::Null,
                "{name}: {}",
                problem.body
            );
            if name.len() > 1 {
                assert!(!problem.body.contains(name), "{name}: {}", problem.body);
            }
        }
    }
}
