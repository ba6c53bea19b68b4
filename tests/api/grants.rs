//! The template's roles allow exactly what the functions do: each action, on each table, by name.

use crate::admin::emails::{newest, suppress};
use kit::authorizer::http_api_event;
use kit::{ADA, ALL_NOTICES, GRACE, PASSWORD, World, cancelled, hours, mins, parameters, routes};
use local::SesEvent;
use local::aws_stub::{Call, Fault};
use local::template::{STACK, Template};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;

const KEY: &str = "the-key-of-this-page";

/// A function, an action and a table.
type Grant = (String, String, String);

/// Takes every path through the functions that makes a call of its own.
async fn call_everything(world: &World) {
    let [ada, phone] = [(); 2].map(|()| world.client());
    let create = |key| {
        let request = ada.create_user("eve@example.com", "Eve").status("active");
        request.idempotency_key(key)
    };
    request_every_email(world).await;
    create("one").await;
    create("one").await;
    let email = ada.receive_login_email(ADA).await;
    ada.verify_link(&email.token()).await;
    ada.verify_link(&email.token()).await;
    ada.open(email.path()).await;
    ada.open(routes::ACCOUNT).await.assert("200");
    world.clock.advance(mins(6));
    ada.open(routes::SIGN_IN).await;
    create("two").await;
    ada.me().await;
    let cookie = ada.cookie_header();
    let event = http_api_event("GET", &[("cookie", &cookie)]);
    assert_eq!(world.authorize(event.clone()).await.0, 200);
    world.clock.advance(mins(6));
    assert_eq!(world.authorize(event).await.0, 200);
    ada.logout().await;
    let of_link = ada.logout().with("token", email.token()).await;
    of_link.assert("200");
    let email = phone.receive_login_email(ADA).await;
    phone.verify_code(&email.code).await;
    phone.request_login("nobody@example.com").await;
    world.settle().await;
    emails(world).await;
    administration(world).await;
    passwords(world).await;
    // An email that is claimed again, and a redemption whose conflicts do not end.
    world.inject(Fault::FailBefore, |call| {
        call.service == "ses" && call.number == 1
    });
    world.client().request_login(ADA).await.assert("200");
    world.settle().await;
    world.clock.advance(mins(1));
    world.sweep().await;
    let email = world.latest_email().await;
    world.play(SesEvent::HardBounce, &email).await;
    conflict(world);
    phone.verify_link(&email.token()).await;
}

/// Lets every transaction conflict with another one.
fn conflict(world: &World) {
    let conflict = Fault::Reply(400, cancelled("TransactionConflict"));
    world.inject(conflict, |call| call.operation == "TransactWriteItems");
}

/// Requests every email in the first minute of an hour, which also looks at the hour before.
async fn request_every_email(world: &World) {
    let client = world.client();
    client.request_login(ADA).await.assert("200");
    client.forgot_password(ADA).await.assert("200");
    client.sign_up(ADA, "Ada").await.assert("200");
}

/// Signs up on a portal without passwords, and returns the calls.
async fn sign_up_by_link() -> Vec<Call> {
    let world = World::with(&[("SelfSignUp", "on"), ("Activation", "link")]).await;
    world.portal.take_calls();
    let zoe = world.client();
    zoe.sign_up("zoe@example.com", "Zoe").await.assert("200");
    let token = world.latest_email().await.token();
    zoe.verify_link(&token).await.assert("200");
    world.portal.take_calls()
}

/// Exchanges a session for access tokens, and returns the calls.
async fn access_tokens() -> Vec<Call> {
    let world = World::with(&[("AccessTokens", "on")]).await;
    let ada = world.client();
    ada.sign_in_by_link(ADA).await;
    world.portal.take_calls();
    world.clock.advance(mins(6));
    ada.access_token().await.assert("200");
    ada.open(routes::JWKS).await.assert("200");
    world.portal.take_calls()
}

/// Signs up, sets a first password, signs in, resets the password, and revokes sessions.
async fn passwords(world: &World) {
    let zoe = world.client();
    let address = "zoe@example.com";
    zoe.sign_up(address, "Zoe").await.assert("200");
    let activate = |token: &str| zoe.activate(token, PASSWORD).idempotency_key(KEY);
    let email = world.latest_email().await;
    zoe.open(email.path()).await.assert("200");
    let first = activate(&email.token());
    first.clone().await.assert("200");
    first.clone().await.assert("200");
    zoe.sign_in(address, PASSWORD).await.assert("200");
    zoe.sign_in(address, PASSWORD).await.assert("200");
    zoe.sign_in(address, "x").await;
    world.client().sign_in(address, PASSWORD).await;
    let form = zoe.sign_in(address, PASSWORD).idempotency_key(KEY);
    form.clone().await.assert("200");
    form.await.assert("200");
    let list = zoe.list_sessions().await.json();
    world.clock.advance(mins(6));
    zoe.confirm_password(PASSWORD).await.assert("200");
    zoe.request_login(address).await.assert("200");
    let code = world.latest_email().await.code;
    zoe.confirm_code(&code).await.assert("200");
    zoe.change_password("x", PASSWORD).await;
    let changed = zoe.change_password(PASSWORD, PASSWORD).await;
    changed.assert("200");
    zoe.list_sessions().await;
    zoe.revoke_other_sessions().await;
    zoe.revoke_session(list[0]["id"].as_str().unwrap()).await;
    world.clock.advance(hours(1));
    // Too long for the link's URL: only its row has it.
    let next = format!("/{}", "x".repeat(1000));
    let forgot = zoe.forgot_password(address).next(&next);
    forgot.await.assert("200");
    let token = world.latest_email().await.token();
    let reset = zoe.reset_password(&token, PASSWORD).idempotency_key(KEY);
    reset.clone().await.assert("200");
    let notice = world.latest_email().await.token();
    zoe.report(&notice).await.assert("200");
    // A first password while another session is signed in.
    world.clock.advance(mins(1));
    zoe.sign_in_by_link(address).await;
    zoe.request_login(GRACE).await;
    activate(&world.latest_email().await.token())
        .await
        .assert("200");
    zoe.request_login(address).await;
    let code = world.latest_email().await.code;
    zoe.sign_in(address, PASSWORD).await.assert("200");
    conflict(world);
    zoe.confirm_code(&code).await;
    zoe.set_session(None);
    first.await;
    reset.await;
    world.clear_fault();
}

/// Lists the emails to an address, lifts its suppression, and sends one of them again.
async fn emails(world: &World) {
    let admin = world.client();
    world.clock.advance(mins(1));
    suppress(world, GRACE).await;
    world.client().request_login(GRACE).await.assert("200");
    world.settle().await;
    admin.list_emails(&world.user_id(ADA)).await.assert("200");
    admin.list_held_emails().await.assert("200");
    admin.lift_suppression(GRACE).await.assert("200");
    let id = newest(world, GRACE).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    admin.redrive_email(GRACE, &id).await.assert("202");
}

/// Manages a user from the import to the erasure.
async fn administration(world: &World) {
    let admin = world.client();
    let bob = json!({"email": "bob@example.com", "name": "Bob", "status": "invited"});
    admin.import_users(json!([bob])).await;
    let id = world.user_id("bob@example.com");
    admin.resend_invitation(&id).await;
    admin.list_users().query("prefix", "b").await;
    let update = admin.update_user(&id).status("active");
    update.with("email", "rob@example.com").await;
    world.client().sign_in_by_link("rob@example.com").await;
    admin.get_user(&id).await;
    admin.revoke_user_sessions(&id).await;
    admin.erase_user(&id).await.assert("204");
    let list = admin.admin_request(Method::GET, routes::TEMPLATES);
    list.await.assert("200");
    let texts = admin.get_template("reset", "en").await.json()["shipped"].clone();
    let save = admin.save_template("reset", "en").body(texts);
    save.await.assert("200");
    admin.revert_template("reset", "en").await.assert("204");
}

/// Returns what Lambda may do in the name of a function.
fn runtime_grants(function: &str) -> Vec<(String, String)> {
    let of = |kind: &str, name: &str| format!("arn:aws:{kind}:us-east-1:000000000000:{name}");
    let table = of("dynamodb", &format!("table/{STACK}-emails"));
    let logs = ["logs:CreateLogStream", "logs:PutLogEvents"];
    let mut grants = logs.map(|action| (action, of("local", "Logs"))).to_vec();
    if function == "mailer" {
        let stream = format!("{table}/stream/local");
        let reads = [
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
        ];
        grants.extend(reads.map(|read| (read, stream.clone())));
        grants.push(("dynamodb:ListStreams", format!("{table}/stream/*")));
        grants.push(("sqs:SendMessage", of("local", "MailerDeadLetters")));
    }
    if function == "email-events" {
        grants.push(("sqs:SendMessage", of("local", "EmailEventDeadLetters")));
    }
    grants
        .into_iter()
        .map(|(action, resource)| (action.to_owned(), resource))
        .collect()
}

#[tokio::test]
async fn roles_grant_exactly_what_functions_do() {
    let world =
        World::with_cheap_hashes(&[("SelfSignUp", "on"), ("SessionsPerUser", "50"), ALL_NOTICES])
            .await;
    // A function opens its connection with a read that may be refused.
    world.portal.take_calls();
    call_everything(&world).await;
    let mut calls = world.portal.take_calls();
    calls.extend(sign_up_by_link().await);
    calls.extend(access_tokens().await);
    let done = calls.iter().flat_map(|call| {
        let actions = call.actions.iter();
        actions.map(|(action, table)| (call.function.clone(), action.clone(), table.clone()))
    });
    let done: BTreeSet<Grant> = done.collect();

    let required = parameters(&[("EmailFrom", "no-reply@example.com")]);
    let template = Template::read(&required).unwrap();
    let prefix = format!("arn:aws:dynamodb:us-east-1:000000000000:table/{STACK}-");
    let mut granted: BTreeSet<Grant> = BTreeSet::new();
    for function in &template.functions {
        assert_eq!(function.runtime_grants, runtime_grants(&function.name));
        for (action, resource) in &function.grants {
            let table = resource.strip_prefix(&prefix).unwrap_or_default();
            let is_dynamodb = action.starts_with("dynamodb:");
            let is_vague = action.contains('*') || (is_dynamodb && table.is_empty());
            assert!(!is_vague, "{action} {resource}");
            let is_read = ["BatchGetItem", "GetItem", "Query"]
                .iter()
                .any(|read| action.ends_with(&format!(":{read}")));
            assert!(
                !is_dynamodb || is_read || function.name != "pages",
                "{action} {resource}"
            );
            granted.insert((function.name.clone(), action.clone(), table.to_owned()));
        }
    }
    let missing: Vec<_> = done.difference(&granted).collect();
    let unused: Vec<_> = granted.difference(&done).collect();
    assert!(missing.is_empty(), "not granted: {missing:#?}");
    assert!(unused.is_empty(), "granted, but never used: {unused:#?}");
}
