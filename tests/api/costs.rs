//! The cost of each request, counted and compared with the table in docs/costs.md.

use crate::admin::emails::{newest, suppress};
use kit::authorizer::http_api_event;
use kit::routes::{ACCOUNT, CONFIRM, CONTINUE, SIGN_IN, TEMPLATES};
use kit::{ADA, ALL_NOTICES, ApiRequest, GRACE, PASSWORD, World, hours, mins, secs};
use local::SesEvent;
use local::aws_stub::Call;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The table so far, and the world that the requests are sent to.
struct Costs<'w> {
    world: &'w World,
    table: String,
}

impl Costs<'_> {
    /// Sends a request and adds a row: calls to DynamoDB, how many of them wait for others, and
    /// capacity units.
    async fn count(&mut self, name: &str, function: &str, request: ApiRequest<'_>) {
        let status = async { request.await.status };
        self.count_status(name, function, status).await;
    }

    /// Asks the authorizer about a request with these headers, and adds a row.
    async fn count_authorizer(&mut self, name: &str, headers: &[(&str, &str)]) {
        let world = self.world;
        let status = async { world.authorize(http_api_event("GET", headers)).await.0 };
        self.count_status(name, "authorizer", status).await;
    }

    async fn count_status(
        &mut self,
        name: &str,
        function: &str,
        status: impl Future<Output = u16>,
    ) {
        self.world.settle().await;
        self.world.portal.take_calls();
        let status = status.await;
        self.world.settle().await;
        let mut calls = self.world.portal.take_calls();
        calls.retain(|call| call.function == function && call.service == "dynamodb");
        let depth = calls.iter().map(|call| call.generation);
        let depth = depth.collect::<BTreeSet<_>>().len();
        let is_read = |call: &&Call| call.operation.contains("Get") || call.operation == "Query";
        let (reads, writes): (Vec<_>, Vec<_>) = calls.iter().partition(is_read);
        let units = |calls: &[&Call]| calls.iter().map(|call| call.capacity).sum::<f64>() + 0.0;
        let (reads, writes) = (units(&reads), units(&writes));
        let calls = calls.len();
        let row = format!("| {name} | {status} | {calls} | {depth} | {reads} | {writes} |");
        let _ = writeln!(self.table, "{row}");
    }
}

#[tokio::test]
async fn every_request_costs_what_the_page_says() {
    let world = World::with_cheap_hashes(&[("AccessTokens", "on"), ALL_NOTICES]).await;
    let mut costs = Costs {
        world: &world,
        table: String::new(),
    };
    links_and_codes(&mut costs).await;
    emails(&mut costs).await;
    administration(&mut costs).await;
    passwords(&mut costs).await;
    email_events(&mut costs).await;
    let heading = "\
| request | status | DynamoDB requests | depth | read units | write units |
|---|---|---|---|---|---|
";
    let table = format!("{heading}{}", costs.table);
    let page = include_str!("../../docs/costs.md");
    assert!(
        page.contains(&table),
        "the table in docs/costs.md must be:\n\n{table}"
    );
}

async fn links_and_codes(t: &mut Costs<'_>) {
    let world = t.world;
    let [ada, phone, nobody] = [(); 3].map(|()| world.client());
    // Nobody is told of a user's first sign-in.
    world.client().sign_in_by_link(ADA).await;
    let first_minute = "POST /auth/request-login, in the first minute of an hour";
    let request = nobody.request_login(ADA);
    t.count(first_minute, "request-login", request).await;
    world.clock.advance(mins(2));
    t.count(
        "POST /auth/request-login",
        "request-login",
        ada.request_login(ADA),
    )
    .await;
    let name = "POST /auth/request-login, throttled";
    t.count(name, "request-login", ada.request_login(ADA)).await;
    let email = world.latest_email().await;
    let name = "GET /auth/sign-in and the other pages";
    t.count(name, "pages", ada.open(SIGN_IN)).await;
    let address = ada.post(CONTINUE).with("email", ADA).form();
    t.count("POST /auth/continue", "pages", address).await;
    t.count("GET /auth/verify/{token}", "pages", ada.open(email.path()))
        .await;
    let token = email.token();
    for (name, request) in [
        ("link, from a new browser", ada.verify_link(&token)),
        ("link, repeated by its browser", ada.verify_link(&token)),
        ("link, used", nobody.verify_link(&token)),
        ("link, forged", nobody.verify_link("x")),
    ] {
        let name = format!("POST /auth/verify, {name}");
        t.count(&name, "verify", request).await;
    }
    for (name, page) in [
        ("GET /auth/account", ACCOUNT),
        ("GET /auth/confirm", CONFIRM),
    ] {
        t.count(name, "pages", ada.open(page)).await;
    }
    t.count("GET /auth/me", "me", ada.me()).await;
    world.clock.advance(mins(5));
    t.count("GET /auth/me, every five minutes", "me", ada.me())
        .await;
    t.count("GET /auth/me, not signed in", "me", nobody.me())
        .await;
    t.count("GET /auth/session", "me", ada.current_session())
        .await;
    let name = "GET /auth/session, not signed in";
    t.count(name, "me", nobody.current_session()).await;
    let cookie = ada.cookie_header();
    let headers = [("cookie", cookie.as_str())];
    t.count_authorizer("authorizer", &headers).await;
    world.clock.advance(mins(5));
    t.count_authorizer("authorizer, every five minutes", &headers)
        .await;
    t.count_authorizer("authorizer, not signed in", &[]).await;
    t.count("POST /auth/token", "token", ada.access_token())
        .await;
    t.count("POST /auth/logout", "logout", ada.logout()).await;
    t.count("POST /auth/logout, not signed in", "logout", ada.logout())
        .await;
    let token = ada.receive_login_email(ADA).await.token();
    let link = ada.verify_link(&token);
    let name = "POST /auth/verify, link, from a known browser";
    t.count(name, "verify", link).await;

    let email = phone.receive_login_email(ADA).await;
    let wrong = phone.verify_code(&email.wrong_code());
    t.count("POST /auth/verify, wrong code", "verify", wrong)
        .await;
    let right = phone.verify_code(&email.code);
    let name = "POST /auth/verify, code, from a new browser";
    t.count(name, "verify", right).await;
    world.clock.advance(secs(60));
    let request = world.client();
    t.count("one email sent", "mailer", request.request_login(ADA))
        .await;
    let laptop = world.client();
    let token = laptop.receive_login_email(ADA).await.token();
    t.count("one notice sent", "mailer", laptop.verify_link(&token))
        .await;
    let name = "POST /auth/request-login, from a known browser";
    t.count(name, "request-login", phone.request_login(ADA))
        .await;
    let unknown = nobody.request_login("x@example.com");
    t.count("one email dropped, no account", "mailer", unknown)
        .await;
}

async fn email_events(t: &mut Costs<'_>) {
    let world = t.world;
    let email = world.latest_email().await;
    for (name, event) in [
        ("one event of an email", SesEvent::Delivery),
        (
            "one bounce, which suppresses the address",
            SesEvent::HardBounce,
        ),
    ] {
        let played = async {
            world.play(event, &email).await;
            200
        };
        t.count_status(name, "email-events", played).await;
    }
}

async fn administration(t: &mut Costs<'_>) {
    let world = t.world;
    let admin = world.client();
    let create = admin
        .create_user("eve@example.com", "Eve")
        .idempotency_key("one");
    let bob = json!({"email": "bob@example.com", "name": "Bob"});
    let kim = json!({"email": "kim@example.com", "name": "Kim"});
    let import = admin.import_users(json!([bob, kim]));
    for (name, request) in [
        ("POST /admin/users", create.clone()),
        ("POST /admin/users, repeated", create),
        ("POST /admin/users/import, two users", import),
    ] {
        t.count(name, "admin", request).await;
    }
    let ada = world.user_id(ADA);
    let eve = world.user_id("eve@example.com");
    let rename = admin.update_user(&ada).with("name", "Ada");
    let move_address = admin.update_user(&ada).with("email", "ada@king.example");
    for (name, request) in [
        (
            "POST /admin/users/{id}/resend",
            admin.resend_invitation(&eve),
        ),
        ("GET /admin/users", admin.list_users()),
        ("GET /admin/users/{id}", admin.get_user(&ada)),
        ("GET /admin/users/{id}/audit", admin.list_audit(&ada)),
        ("PATCH /admin/users/{id}", rename),
        ("PATCH /admin/users/{id}, address", move_address),
        (
            "DELETE /admin/users/{id}/sessions",
            admin.revoke_user_sessions(&ada),
        ),
        ("DELETE /admin/users/{id}", admin.erase_user(&ada)),
        ("DELETE /admin/users/{id}, repeated", admin.erase_user(&ada)),
    ] {
        t.count(name, "admin", request).await;
    }
    let texts = admin.get_template("reset", "de").await.json()["shipped"].clone();
    let list = admin.admin_request(Method::GET, TEMPLATES);
    let path = format!("{TEMPLATES}/{{message}}/{{language}}");
    for (name, request) in [
        (format!("GET {TEMPLATES}"), list),
        (format!("GET {path}"), admin.get_template("reset", "de")),
        (
            format!("POST {path}/preview"),
            admin.preview_template("reset", "de").body(json!({})),
        ),
        (
            format!("PUT {path}"),
            admin.save_template("reset", "de").body(texts),
        ),
        (
            format!("DELETE {path}"),
            admin.revert_template("reset", "de"),
        ),
    ] {
        t.count(&name, "templates", request).await;
    }
}

/// Calls the routes of the function `emails`, with three emails to Ada of which one was sent.
async fn emails(t: &mut Costs<'_>) {
    let (world, admin) = (t.world, t.world.client());
    let id = world.user_id(ADA);
    world.clock.advance(hours(25));
    suppress(world, ADA).await;
    world.client().request_login(ADA).await.assert("200");
    world.settle().await;
    let email = newest(world, ADA).await;
    let email = email["id"].as_str().unwrap();
    for (name, request) in [
        ("GET /admin/users/{id}/emails", admin.list_emails(&id)),
        ("GET /admin/emails?address=", admin.list_emails_to(ADA)),
        (
            "GET /admin/emails?status=held, one email",
            admin.list_held_emails(),
        ),
        ("POST /admin/emails/lift", admin.lift_suppression(ADA)),
        (
            "POST /admin/emails/redrive",
            admin.redrive_email(ADA, email),
        ),
        (
            "GET /admin/emails?status=held, none",
            admin.list_held_emails(),
        ),
    ] {
        t.count(name, "emails", request).await;
    }
}

async fn passwords(t: &mut Costs<'_>) {
    let world = t.world;
    let [grace, laptop] = [(); 2].map(|()| world.client());
    world.clock.advance(hours(1));
    let email = grace.receive_login_email(GRACE).await;
    let page = grace.open(email.path());
    t.count("GET /auth/activate/{token}", "pages", page).await;
    let activate = grace.activate(&email.token(), PASSWORD);
    t.count("POST /auth/activate", "activate", activate).await;
    let unknown = world.client();
    let right = laptop.sign_in(GRACE, PASSWORD);
    for (name, request) in [
        ("POST /auth/sign-in, from a new browser", right.clone()),
        ("POST /auth/sign-in, signed in already", right),
        (
            "POST /auth/sign-in, wrong, from a known browser",
            laptop.sign_in(GRACE, "wrong"),
        ),
        (
            "POST /auth/sign-in, wrong or unknown",
            unknown.sign_in(GRACE, "wrong"),
        ),
    ] {
        t.count(name, "sign-in", request).await;
    }
    let password = laptop.confirm_password(PASSWORD);
    let email = laptop.receive_login_email(GRACE).await;
    for (name, request) in [
        ("password", password),
        ("wrong password", laptop.confirm_password("wrong")),
        ("wrong code", laptop.confirm_code(&email.wrong_code())),
        ("code", laptop.confirm_code(&email.code)),
    ] {
        let name = format!("POST /auth/confirm, {name}");
        t.count(&name, "confirm", request).await;
    }
    for (name, request) in [
        ("", laptop.change_password(PASSWORD, PASSWORD)),
        (
            ", wrong password",
            laptop.change_password("wrong", PASSWORD),
        ),
    ] {
        let name = format!("POST /auth/change-password{name}");
        t.count(&name, "change-password", request).await;
    }
    laptop.neighbor().sign_in(GRACE, PASSWORD).await;
    t.count("GET /auth/sessions", "sessions", laptop.list_sessions())
        .await;
    let list = laptop.list_sessions().await.json();
    let mut others = list.as_array().unwrap().iter();
    let other = others.find(|one| one["current"] == false).unwrap();
    let revoke = laptop.revoke_session(other["id"].as_str().unwrap());
    t.count("DELETE /auth/sessions/{id}", "sessions", revoke)
        .await;
    let revoke = laptop.revoke_other_sessions();
    t.count("DELETE /auth/sessions", "sessions", revoke).await;
    world.clock.advance(hours(1));
    let forgot = unknown.forgot_password(GRACE);
    world.clock.advance(mins(2));
    t.count("POST /auth/forgot-password", "reset", forgot).await;
    let email = world.latest_email().await;
    let page = laptop.open(email.path());
    t.count("GET /auth/reset-password/{token}", "pages", page)
        .await;
    let reset = laptop.reset_password(&email.token(), PASSWORD);
    t.count("POST /auth/reset-password", "reset", reset).await;
    let email = world.latest_email().await;
    let page = laptop.open(email.path());
    t.count("GET /auth/report/{token}", "pages", page).await;
    let report = laptop.report(&email.token());
    t.count("POST /auth/report", "report", report.clone()).await;
    t.count("POST /auth/report, used", "report", report).await;
}
