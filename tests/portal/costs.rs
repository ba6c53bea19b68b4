//! What each request costs: counted, and compared with the table that is checked in and shown in the README.

use serde_json::json;
use std::fmt::Write;
use tests::{World, mins, secs};

/// One row: requests to DynamoDB, how many of them one after the other, and capacity units.
async fn count(world: &World, table: &mut String, name: &str, function: &str, act: impl Future<Output = u16>) {
    world.settled().await;
    world.portal.take_calls();
    let status = act.await;
    world.settled().await;
    let calls: Vec<_> = world
        .portal
        .take_calls()
        .into_iter()
        .filter(|call| call.function == function && call.service == "dynamodb")
        .collect();
    let depth = calls.iter().map(|call| call.generation).collect::<std::collections::BTreeSet<_>>().len();
    let (reads, writes): (Vec<_>, Vec<_>) = calls.iter().partition(|call| call.operation.contains("Get"));
    let units = |calls: &[&local::seam::Call]| calls.iter().map(|call| call.capacity).sum::<f64>() + 0.0;
    let (reads, writes) = (units(&reads), units(&writes));
    let _ = writeln!(table, "| {name} | {status} | {} | {depth} | {reads} | {writes} |", calls.len());
}

#[tokio::test]
async fn every_request_costs_what_the_readme_says() {
    let world = World::start().await;
    let (ada, phone, nobody) = (world.browser(), world.browser(), world.browser());
    let mut t = String::new();
    let post = async |browser: &tests::Browser<'_>, path: &str, body| browser.post(path, body).await.status.as_u16();
    let get = async |browser: &tests::Browser<'_>, path: &str| browser.get(path).await.status.as_u16();

    let ask = json!({"email": "ada@example.com"});
    count(&world, &mut t, "POST /auth/request-login", "request-login", post(&ada, "/auth/request-login", ask.clone()))
        .await;
    count(
        &world,
        &mut t,
        "POST /auth/request-login, throttled",
        "request-login",
        post(&ada, "/auth/request-login", ask.clone()),
    )
    .await;
    let mail = world.mail().await;
    count(&world, &mut t, "GET /auth/sign-in and the other pages", "pages", get(&ada, "/auth/sign-in")).await;
    count(&world, &mut t, "GET /auth/verify/{token}", "pages", get(&ada, &mail.path())).await;
    let token = json!({"token": mail.token()});
    count(&world, &mut t, "POST /auth/verify, link", "verify", post(&ada, "/auth/verify", token.clone())).await;
    count(
        &world,
        &mut t,
        "POST /auth/verify, link, repeated by its browser",
        "verify",
        post(&ada, "/auth/verify", token.clone()),
    )
    .await;
    count(&world, &mut t, "POST /auth/verify, link, used", "verify", post(&nobody, "/auth/verify", token)).await;
    count(
        &world,
        &mut t,
        "POST /auth/verify, link, forged",
        "verify",
        post(&nobody, "/auth/verify", json!({"token": "x"})),
    )
    .await;
    count(&world, &mut t, "GET /auth/me", "me", get(&ada, "/auth/me")).await;
    world.time.pass(mins(5));
    count(&world, &mut t, "GET /auth/me, every five minutes", "me", get(&ada, "/auth/me")).await;
    count(&world, &mut t, "GET /auth/me, not signed in", "me", get(&nobody, "/auth/me")).await;
    count(&world, &mut t, "POST /auth/logout", "logout", post(&ada, "/auth/logout", json!({}))).await;
    count(&world, &mut t, "POST /auth/logout, not signed in", "logout", post(&ada, "/auth/logout", json!({}))).await;

    let mail = phone.ask("ada@example.com").await;
    count(
        &world,
        &mut t,
        "POST /auth/verify, wrong code",
        "verify",
        post(&phone, "/auth/verify", json!({"code": mail.other_code()})),
    )
    .await;
    count(
        &world,
        &mut t,
        "POST /auth/verify, code",
        "verify",
        post(&phone, "/auth/verify", json!({"code": mail.code()})),
    )
    .await;
    world.time.pass(secs(60));
    count(&world, &mut t, "one mail sent", "mailer", post(&phone, "/auth/request-login", ask)).await;
    count(
        &world,
        &mut t,
        "one mail dropped, no account",
        "mailer",
        post(&nobody, "/auth/request-login", json!({"email": "x@example.com"})),
    )
    .await;

    let user = json!({"email": "eve@example.com", "name": "Eve"});
    let admin = async |key: &str| phone.admin("local", &[("idempotency-key", key)], &user).await.status.as_u16();
    count(&world, &mut t, "POST /admin/users", "admin", admin("one")).await;
    count(&world, &mut t, "POST /admin/users, repeated", "admin", admin("one")).await;

    let heading =
        "| request | status | DynamoDB requests | depth | read units | write units |\n|---|---|---|---|---|---|\n";
    let table = format!("{heading}{t}");
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&table), "the README's table of costs must be:\n\n{table}");
}
