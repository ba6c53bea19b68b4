//! A frontend on another origin of the same site: CORS as API Gateway does it, and where people
//! land.

use reqwest::Method;
use serde_json::json;
use tests::{World, owned};

const FRONTEND: &str = "https://portal.example.com";

async fn world() -> World {
    World::of(local::Options {
        public_url: Some("https://login.example.com".into()),
        frontend: Some(FRONTEND.into()),
        parameters: owned(&[
            ("AllowedOrigins", "https://staff.example.com"),
            ("LoginPath", "/partner/login"),
            ("DashboardPath", "/partner/dashboard"),
        ]),
        ..local::Options::default()
    })
    .await
}

#[tokio::test]
async fn success_leads_to_the_dashboard_and_failure_to_the_login_page_of_the_frontend() {
    let world = world().await;
    let browser = world.browser();
    let mail = browser.ask("ada@example.com").await;
    assert!(
        mail.0["links"][0]
            .as_str()
            .unwrap()
            .starts_with("https://login.example.com/auth/verify/")
    );
    let posted = browser
        .post_form("/auth/verify", &[("token", &mail.token())])
        .await;
    assert_eq!(posted.location(), format!("{FRONTEND}/partner/dashboard"));
    world.time.pass(tests::secs(61));
    let again = browser
        .post_form("/auth/verify", &[("token", &mail.token())])
        .await;
    assert_eq!(
        again.location(),
        format!("{FRONTEND}/partner/login?error=invalid_token&reason=used")
    );
    let broken = browser.get("/auth/verify/broken").await;
    assert_eq!(
        broken.location(),
        format!("{FRONTEND}/partner/login?error=invalid_token&reason=invalid")
    );
    assert_eq!(
        browser.post_form("/auth/logout", &[]).await.location(),
        format!("{FRONTEND}/partner/login")
    );
}

#[tokio::test]
async fn the_frontends_scripts_may_call_and_read_and_nobody_elses() {
    let world = world().await;
    for (origin, allowed) in [
        (FRONTEND, true),
        ("https://staff.example.com", true),
        ("https://evil.example", false),
    ] {
        let browser = world.browser();
        let preflight = browser
            .bare(Method::OPTIONS, "/auth/request-login")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let preflight = browser.send(preflight).await;
        let echoed = preflight
            .headers
            .get("access-control-allow-origin")
            .map(String::as_str);
        assert_eq!(echoed, allowed.then_some(origin));

        let request = browser
            .bare(Method::POST, "/auth/request-login")
            .header("origin", origin)
            .header("content-type", "application/json")
            .body(json!({"email": "ada@example.com"}).to_string());
        let answer = browser.send(request).await;
        assert_eq!(answer.status.as_u16(), if allowed { 200 } else { 403 });
        if allowed {
            assert_eq!(answer.headers["access-control-allow-origin"], origin);
            assert_eq!(answer.headers["access-control-allow-credentials"], "true");
            assert_eq!(
                answer.headers["access-control-expose-headers"],
                "retry-after"
            );
        }
    }
}

#[tokio::test]
async fn without_a_public_url_the_portal_is_where_api_gateway_was_called() {
    let api = "https://local.execute-api.us-east-1.amazonaws.com";
    let options = local::Options {
        public_url: Some(api.into()),
        parameters: owned(&[("PublicUrl", "")]),
        ..local::Options::default()
    };
    let world = World::of(options).await;
    let browser = world.browser();
    let forged = browser
        .bare(Method::POST, "/auth/request-login")
        .header("content-type", "application/json")
        .header("host", "evil.example")
        .header("origin", "https://evil.example")
        .body(json!({"email": "ada@example.com"}).to_string());
    assert_eq!(browser.send(forged).await.problem(), "origin-not-allowed");
    let mail = browser.ask("ada@example.com").await;
    assert!(
        mail.0["links"][0].as_str().unwrap().starts_with("https://"),
        "{}",
        mail.0
    );
    let posted = browser
        .post_form("/auth/verify", &[("token", &mail.token())])
        .await;
    assert_eq!(posted.location(), format!("{api}/auth/signed-in"));
    assert!(posted.cookies[0].starts_with("__Host-partner.sid="));
    assert_eq!(browser.me().await.status, 200);
}

#[tokio::test]
async fn the_pages_let_their_forms_lead_to_the_frontends() {
    let world = world().await;
    let page = world.browser().get("/auth/sign-in").await;
    let policy = &page.headers["content-security-policy"];
    assert!(
        policy.contains(&format!(
            "form-action 'self' https://staff.example.com {FRONTEND};"
        )),
        "{policy}"
    );
    assert_eq!(page.headers["referrer-policy"], "same-origin");
}

#[tokio::test]
async fn next_may_lead_to_any_allowed_origin() {
    let world = world().await;
    for (next, expected) in [
        ("/reports", "https://portal.example.com/reports"),
        ("https://staff.example.com/x", "https://staff.example.com/x"),
    ] {
        let browser = world.browser();
        browser
            .post(
                "/auth/request-login",
                json!({"email": "ada@example.com", "next": next}),
            )
            .await;
        let token = world.mail().await.token();
        assert_eq!(
            browser
                .post_form("/auth/verify", &[("token", &token)])
                .await
                .location(),
            expected
        );
    }
}
