//! What the template's roles allow is exactly what the functions do: each action, on each table, by
//! name.

use local::aws_stub::{Attempt, Fault};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;
use tests::{PASSWORD, World, mins, owned};

const ATTEMPT: &str = "an-attempt-of-this-page";

type Grant = (String, String, String);

/// Every way through the functions that makes another call.
async fn everything_that_functions_do(world: &World) {
    let user = json!({"email": "eve@example.com", "name": "Eve", "status": "active"});
    for _ in 0..2 {
        world
            .browser()
            .admin("local", &[("idempotency-key", "one")], &user)
            .await;
    }
    let (ada, phone) = (world.browser(), world.browser());
    let mail = ada.ask("ada@example.com").await;
    for _ in 0..2 {
        ada.post("/auth/verify", json!({"token": mail.token()}))
            .await;
    }
    ada.get(&mail.path()).await;
    world.time.pass(mins(6));
    ada.get("/auth/sign-in").await;
    world
        .browser()
        .admin("local", &[("idempotency-key", "two")], &user)
        .await;
    ada.me().await;
    ada.post("/auth/logout", json!({})).await;
    let mail = phone.ask("ada@example.com").await;
    phone
        .post("/auth/verify", json!({"code": mail.code()}))
        .await;
    world
        .browser()
        .post(
            "/auth/request-login",
            json!({"email": "nobody@example.com"}),
        )
        .await;
    world.settled().await;
    administration(world).await;
    accounts(world).await;
    // A mail that is claimed again, and a redeem whose conflicts do not end.
    world
        .portal
        .set_fault(|attempt| match attempt.service.as_str() {
            "ses" if attempt.number == 1 => Fault::FailBefore,
            _ => Fault::None,
        });
    let mail = world.browser().ask("ada@example.com").await;
    world.sweep().await;
    world.portal.set_fault(conflict);
    phone
        .post("/auth/verify", json!({"token": mail.token()}))
        .await;
}

/// Signing up, the first password, signing in again, another password, and the sessions.
async fn accounts(world: &World) {
    let eve = world.browser();
    eve.post(
        "/auth/sign-up",
        json!({"email": "zoe@example.com", "name": "Zoe"}),
    )
    .await;
    let activate = json!({"token": world.mail().await.token(), "password": PASSWORD, "idempotency_key": ATTEMPT});
    let conflicts = world.browser();
    for browser in [&eve, &eve] {
        assert_eq!(
            browser
                .post("/auth/activate", activate.clone())
                .await
                .status,
            200
        );
    }
    let sign_in = json!({"email": "zoe@example.com", "password": PASSWORD});
    for _ in 0..2 {
        assert_eq!(eve.post("/auth/sign-in", sign_in.clone()).await.status, 200);
    }
    eve.post(
        "/auth/sign-in",
        json!({"email": "zoe@example.com", "password": "x"}),
    )
    .await;
    let end = |path: &str| eve.request(Method::DELETE, path);
    let list = eve.get("/auth/sessions").await.json();
    world.time.pass(mins(6));
    eve.get("/auth/sessions").await;
    eve.send(end("/auth/sessions")).await;
    eve.send(end(&format!(
        "/auth/sessions/{}",
        list[0]["id"].as_str().unwrap_or_default()
    )))
    .await;
    world.time.pass(mins(60));
    eve.post("/auth/forgot-password", json!({"email": "zoe@example.com"}))
        .await;
    let reset = json!({"token": world.mail().await.token(), "password": PASSWORD, "idempotency_key": ATTEMPT});
    assert_eq!(
        eve.post("/auth/reset-password", reset.clone()).await.status,
        200
    );
    world.settled().await;
    // Signed in already, by another session than the one that a first password gives.
    world.time.pass(mins(1));
    eve.sign_in("zoe@example.com").await;
    eve.post("/auth/request-login", json!({"email": "grace@example.com"}))
        .await;
    let grace = json!({"token": world.mail().await.token(), "password": PASSWORD, "idempotency_key": ATTEMPT});
    assert_eq!(eve.post("/auth/activate", grace).await.status, 200);
    world.portal.set_fault(conflict);
    conflicts.post("/auth/activate", activate).await;
    conflicts.post("/auth/reset-password", reset).await;
    world.portal.set_fault(|_| Fault::None);
}

/// Every transaction runs into another one.
fn conflict(attempt: &Attempt) -> Fault {
    let conflict = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "Message": "cancelled",
        "CancellationReasons": [{"Code": "TransactionConflict", "Message": "ongoing"}]
    });
    if attempt.operation == "TransactWriteItems" {
        Fault::Reply(400, conflict.to_string())
    } else {
        Fault::None
    }
}

/// A user's life, from the import to the erasure.
async fn administration(world: &World) {
    let admin = world.browser();
    let users =
        json!({"users": [{"email": "bob@example.com", "name": "Bob", "status": "invited"}]});
    admin
        .call(Method::POST, "/admin/users/import", Some(&users))
        .await;
    let bob = format!("/admin/users/{}", world.id_of("bob@example.com"));
    admin
        .call(Method::POST, &format!("{bob}/resend"), None)
        .await;
    admin.call(Method::GET, "/admin/users?prefix=b", None).await;
    admin
        .call(
            Method::PATCH,
            &bob,
            Some(&json!({"status": "active", "email": "rob@example.com"})),
        )
        .await;
    world.browser().sign_in("rob@example.com").await;
    admin.call(Method::GET, &bob, None).await;
    admin
        .call(Method::DELETE, &format!("{bob}/sessions"), None)
        .await;
    assert_eq!(admin.call(Method::DELETE, &bob, None).await.status, 204);
}

#[tokio::test]
async fn roles_grant_what_functions_do_and_nothing_else() {
    let world = World::with_cheap_hashes(&[("SelfSignUp", "on")]).await;
    // The start opens its connection with a read that may be refused: it is no part of the work.
    world.portal.take_calls();
    everything_that_functions_do(&world).await;
    let calls = world.portal.take_calls();
    let done: BTreeSet<Grant> = calls
        .into_iter()
        .flat_map(|call| {
            call.actions
                .into_iter()
                .map(move |(action, table)| (call.function.clone(), action, table))
        })
        .collect();

    let template =
        local::template::Template::read(&owned(&[("EmailFrom", "no-reply@example.com")])).unwrap();
    let prefix = format!(
        "arn:aws:dynamodb:us-east-1:000000000000:table/{}-",
        local::template::STACK
    );
    let mut granted: BTreeSet<Grant> = BTreeSet::new();
    for function in &template.functions {
        for (action, resource) in &function.grants {
            let table = resource.strip_prefix(&prefix).unwrap_or_default();
            let vague =
                action.contains('*') || (action.starts_with("dynamodb:") && table.is_empty());
            assert!(!vague, "{action} {resource}");
            granted.insert((function.name.clone(), action.clone(), table.to_owned()));
        }
    }
    let missing: Vec<_> = done.difference(&granted).collect();
    let idle: Vec<_> = granted.difference(&done).collect();
    assert!(
        missing.is_empty() && idle.is_empty(),
        "not granted: {missing:#?}\ngranted, but never used: {idle:#?}"
    );
    assert!(
        granted
            .iter()
            .all(|(function, action, _)| function != "pages" || !action.starts_with("dynamodb:"))
    );
}
