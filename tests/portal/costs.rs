//! Counts what each request costs, and compares it with the table in `docs/costs.md`.

use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write;
use tests::{World, mins, secs};

/// One row: requests to DynamoDB, how many of them one after the other, and capacity units.
async fn count(
    world: &World,
    table: &mut String,
    name: &str,
    function: &str,
    act: impl Future<Output = u16>,
) {
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
    let depth = calls
        .iter()
        .map(|call| call.generation)
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    let (reads, writes): (Vec<_>, Vec<_>) = calls
        .iter()
        .partition(|call| call.operation.contains("Get") || call.operation == "Query");
    let units = |calls: &[&local::aws_stub::Call]| {
        calls.iter().map(|call| call.capacity).sum::<f64>() + 0.0
    };
    let (reads, writes) = (units(&reads), units(&writes));
    let _ = writeln!(
        table,
        "| {name} | {status} | {} | {depth} | {reads} | {writes} |",
        calls.len()
    );
}

async fn administration(world: &World, t: &mut String) {
    let admin = world.browser();
    let call = async |method: Method, path: &str, body: Option<Value>| {
        admin
            .call(method, path, body.as_ref())
            .await
            .status
            .as_u16()
    };
    let users = json!({"users": [{"email": "bob@example.com", "name": "Bob"}, {"email": "kim@example.com", "name": "Kim"}]});
    let import = call(Method::POST, "/admin/users/import", Some(users));
    count(
        world,
        t,
        "POST /admin/users/import, two users",
        "admin",
        import,
    )
    .await;
    let (ada, eve) = (
        world.id_of("ada@example.com"),
        world.id_of("eve@example.com"),
    );
    let (ada, eve) = (format!("/admin/users/{ada}"), format!("/admin/users/{eve}"));
    let (resend, sessions) = (format!("{eve}/resend"), format!("{ada}/sessions"));
    let (renamed, moved) = (json!({"name": "Ada"}), json!({"email": "ada@king.example"}));
    count(
        world,
        t,
        "POST /admin/users/{id}/resend",
        "admin",
        call(Method::POST, &resend, None),
    )
    .await;
    count(
        world,
        t,
        "GET /admin/users",
        "admin",
        call(Method::GET, "/admin/users", None),
    )
    .await;
    count(
        world,
        t,
        "GET /admin/users/{id}",
        "admin",
        call(Method::GET, &ada, None),
    )
    .await;
    count(
        world,
        t,
        "PATCH /admin/users/{id}",
        "admin",
        call(Method::PATCH, &ada, Some(renamed)),
    )
    .await;
    count(
        world,
        t,
        "PATCH /admin/users/{id}, address",
        "admin",
        call(Method::PATCH, &ada, Some(moved)),
    )
    .await;
    count(
        world,
        t,
        "DELETE /admin/users/{id}/sessions",
        "admin",
        call(Method::DELETE, &sessions, None),
    )
    .await;
    count(
        world,
        t,
        "DELETE /admin/users/{id}",
        "admin",
        call(Method::DELETE, &ada, None),
    )
    .await;
    count(
        world,
        t,
        "DELETE /admin/users/{id}, repeated",
        "admin",
        call(Method::DELETE, &ada, None),
    )
    .await;
}

#[tokio::test]
async fn every_request_costs_what_the_costs_page_says() {
    let world = World::with_cheap_hashes(&[]).await;
    let (ada, phone, nobody) = (world.browser(), world.browser(), world.browser());
    let mut t = String::new();
    let post = async |browser: &tests::Browser<'_>, path: &str, body| {
        browser.post(path, body).await.status.as_u16()
    };
    let get =
        async |browser: &tests::Browser<'_>, path: &str| browser.get(path).await.status.as_u16();

    let ask = json!({"email": "ada@example.com"});
    count(
        &world,
        &mut t,
        "POST /auth/request-login",
        "request-login",
        post(&ada, "/auth/request-login", ask.clone()),
    )
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
    count(
        &world,
        &mut t,
        "GET /auth/sign-in and the other pages",
        "pages",
        get(&ada, "/auth/sign-in"),
    )
    .await;
    count(
        &world,
        &mut t,
        "GET /auth/verify/{token}",
        "pages",
        get(&ada, &mail.path()),
    )
    .await;
    let token = json!({"token": mail.token()});
    count(
        &world,
        &mut t,
        "POST /auth/verify, link",
        "verify",
        post(&ada, "/auth/verify", token.clone()),
    )
    .await;
    count(
        &world,
        &mut t,
        "POST /auth/verify, link, repeated by its browser",
        "verify",
        post(&ada, "/auth/verify", token.clone()),
    )
    .await;
    count(
        &world,
        &mut t,
        "POST /auth/verify, link, used",
        "verify",
        post(&nobody, "/auth/verify", token),
    )
    .await;
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
    count(
        &world,
        &mut t,
        "GET /auth/me, every five minutes",
        "me",
        get(&ada, "/auth/me"),
    )
    .await;
    count(
        &world,
        &mut t,
        "GET /auth/me, not signed in",
        "me",
        get(&nobody, "/auth/me"),
    )
    .await;
    count(
        &world,
        &mut t,
        "POST /auth/logout",
        "logout",
        post(&ada, "/auth/logout", json!({})),
    )
    .await;
    count(
        &world,
        &mut t,
        "POST /auth/logout, not signed in",
        "logout",
        post(&ada, "/auth/logout", json!({})),
    )
    .await;

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
    count(
        &world,
        &mut t,
        "one email sent",
        "mailer",
        post(&phone, "/auth/request-login", ask),
    )
    .await;
    count(
        &world,
        &mut t,
        "one email dropped, no account",
        "mailer",
        post(
            &nobody,
            "/auth/request-login",
            json!({"email": "x@example.com"}),
        ),
    )
    .await;

    let user = json!({"email": "eve@example.com", "name": "Eve"});
    let admin = async |key: &str| {
        phone
            .admin("local", &[("idempotency-key", key)], &user)
            .await
            .status
            .as_u16()
    };
    count(&world, &mut t, "POST /admin/users", "admin", admin("one")).await;
    count(
        &world,
        &mut t,
        "POST /admin/users, repeated",
        "admin",
        admin("one"),
    )
    .await;
    administration(&world, &mut t).await;
    passwords(&world, &mut t).await;

    let heading = "| request | status | DynamoDB requests | depth | read units | write units |\n|---|---|---|---|---|---|\n";
    let table = format!("{heading}{t}");
    let page = include_str!("../../docs/costs.md");
    assert!(
        page.contains(&table),
        "the table in docs/costs.md must be:\n\n{table}"
    );
}

/// A first password, signing in, another password, and the sessions.
async fn passwords(world: &World, t: &mut String) {
    let (grace, laptop) = (world.browser(), world.browser());
    let post = async |browser: &tests::Browser<'_>, path: &str, body| {
        browser.post(path, body).await.status.as_u16()
    };
    let end = async |path: &str| {
        laptop
            .send(laptop.request(reqwest::Method::DELETE, path))
            .await
            .status
            .as_u16()
    };
    world.time.pass(mins(60));
    let mail = grace.ask("grace@example.com").await;
    let password = "correct horse battery staple";
    let body = json!({"token": mail.token(), "password": password});
    count(
        world,
        t,
        "POST /auth/activate",
        "activate",
        post(&grace, "/auth/activate", body),
    )
    .await;
    let credentials = json!({"email": "grace@example.com", "password": password});
    let wrong = json!({"email": "grace@example.com", "password": "wrong"});
    count(
        world,
        t,
        "POST /auth/sign-in",
        "sign-in",
        post(&laptop, "/auth/sign-in", credentials.clone()),
    )
    .await;
    count(
        world,
        t,
        "POST /auth/sign-in, signed in already",
        "sign-in",
        post(&laptop, "/auth/sign-in", credentials),
    )
    .await;
    count(
        world,
        t,
        "POST /auth/sign-in, wrong or unknown",
        "sign-in",
        post(&laptop, "/auth/sign-in", wrong),
    )
    .await;
    count(world, t, "GET /auth/sessions", "sessions", async {
        laptop.get("/auth/sessions").await.status.as_u16()
    })
    .await;
    let list = laptop.get("/auth/sessions").await.json();
    let graces = list
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["current"] == false)
        .unwrap();
    let one = format!("/auth/sessions/{}", graces["id"].as_str().unwrap());
    count(
        world,
        t,
        "DELETE /auth/sessions/{id}",
        "sessions",
        end(&one),
    )
    .await;
    count(
        world,
        t,
        "DELETE /auth/sessions",
        "sessions",
        end("/auth/sessions"),
    )
    .await;
    let forgot = json!({"email": "grace@example.com"});
    world.time.pass(mins(60));
    count(
        world,
        t,
        "POST /auth/forgot-password",
        "reset",
        post(&laptop, "/auth/forgot-password", forgot),
    )
    .await;
    let body = json!({"token": world.mail().await.token(), "password": password});
    count(
        world,
        t,
        "POST /auth/reset-password",
        "reset",
        post(&laptop, "/auth/reset-password", body),
    )
    .await;
}
