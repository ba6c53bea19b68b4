//! What the template's roles allow is exactly what the functions do: each action, on each table, by name.

use local::seam::{Attempt, Fault};
use serde_json::json;
use std::collections::BTreeSet;
use tests::{World, mins, owned};

type Grant = (String, String, String);

/// Every way through the functions that makes another call.
async fn everything_that_functions_do(world: &World) {
    let user = json!({"email": "eve@example.com", "name": "Eve", "status": "active"});
    for _ in 0..2 {
        world.browser().admin("local", &[("idempotency-key", "one")], &user).await;
    }
    let (ada, phone) = (world.browser(), world.browser());
    let mail = ada.ask("ada@example.com").await;
    for _ in 0..2 {
        ada.post("/auth/verify", json!({"token": mail.token()})).await;
    }
    ada.get(&mail.path()).await;
    world.time.pass(mins(6));
    ada.get("/auth/sign-in").await;
    world.browser().admin("local", &[("idempotency-key", "two")], &user).await;
    ada.me().await;
    ada.post("/auth/logout", json!({})).await;
    let mail = phone.ask("ada@example.com").await;
    phone.post("/auth/verify", json!({"code": mail.code()})).await;
    world.browser().post("/auth/request-login", json!({"email": "nobody@example.com"})).await;
    world.settled().await;
    // A mail that is claimed again, and a redeem whose conflicts do not end.
    world.portal.set_fault(|attempt| match attempt.service.as_str() {
        "ses" if attempt.number == 1 => Fault::FailBefore,
        _ => Fault::None,
    });
    let mail = world.browser().ask("ada@example.com").await;
    world.sweep().await;
    let conflict = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "Message": "cancelled",
        "CancellationReasons": [{"Code": "TransactionConflict", "Message": "ongoing"}]
    });
    let conflict = conflict.to_string();
    world.portal.set_fault(move |attempt: &Attempt| match attempt.operation.as_str() {
        "TransactWriteItems" => Fault::Reply(400, conflict.clone()),
        _ => Fault::None,
    });
    phone.post("/auth/verify", json!({"token": mail.token()})).await;
}

#[tokio::test]
async fn roles_grant_what_functions_do_and_nothing_else() {
    let world = World::start().await;
    // The start opens its connection with a read that may be refused: it is no part of the work.
    world.portal.take_calls();
    everything_that_functions_do(&world).await;
    let calls = world.portal.take_calls();
    let done: BTreeSet<Grant> = calls
        .into_iter()
        .flat_map(|call| call.actions.into_iter().map(move |(action, table)| (call.function.clone(), action, table)))
        .collect();

    let template = local::template::Template::read(&owned(&[("MailFrom", "no-reply@example.com")])).unwrap();
    let prefix = format!("arn:aws:dynamodb:us-east-1:000000000000:table/{}-", local::template::STACK);
    let mut granted: BTreeSet<Grant> = BTreeSet::new();
    for function in &template.functions {
        for (action, resource) in &function.grants {
            let table = resource.strip_prefix(&prefix).unwrap_or_default();
            let vague = action.contains('*') || (action.starts_with("dynamodb:") && table.is_empty());
            assert!(!vague, "{action} {resource}");
            granted.insert((function.name.clone(), action.clone(), table.to_owned()));
        }
    }
    let missing: Vec<_> = done.difference(&granted).collect();
    let idle: Vec<_> = granted.difference(&done).collect();
    assert!(missing.is_empty() && idle.is_empty(), "not granted: {missing:#?}\ngranted, but never used: {idle:#?}");
    assert!(granted.iter().all(|(function, action, _)| function != "pages" || !action.starts_with("dynamodb:")));
}
