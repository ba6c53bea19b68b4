//! A frontend on another origin of the same site: CORS as API Gateway does it, and redirects.

use kit::routes::{CLIENT, CLIENT_TYPES, CONFIG, LOGOUT, REQUEST_LOGIN, SIGN_IN, VERIFY};
use kit::{ADA, World, parameters, secs};
use local::Options;
use reqwest::Method;
use serde_json::json;

const FRONTEND: &str = "https://portal.example.com";

async fn world() -> World {
    World::of(Options {
        public_url: Some("https://login.example.com".into()),
        frontend: Some(FRONTEND.into()),
        parameters: parameters(&[
            ("AllowedOrigins", "https://staff.example.com"),
            ("LoginPath", "/partner/login"),
            ("DashboardPath", "/partner/dashboard"),
        ]),
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn success_redirects_to_the_frontends_dashboard_and_failure_to_its_login_page() {
    let world = world().await;
    let client = world.client();
    let email = client.receive_login_email(ADA).await;
    let link = "https://login.example.com/auth/verify/";
    assert!(email.link().starts_with(link), "{email:?}");
    let verify = client.verify_link(&email.token()).form();
    let redirects_to = |path: &str| format!("303 {FRONTEND}{path}");
    verify
        .clone()
        .await
        .assert(&redirects_to("/partner/dashboard"));
    world.clock.advance(secs(61));
    let failed = |error| redirects_to(&format!("/partner/login?error={error}"));
    // The page of a used link is a built-in one, and redirects who has used it.
    let used = verify.await;
    let back = client.open(&used.location()).await;
    back.assert(&redirects_to("/partner/dashboard"));
    let other = world.client().open(&used.location()).await.assert("200");
    other.assert_contains(&format!("href=\"{FRONTEND}/partner/login\""));
    let broken = client.open(&format!("{VERIFY}/broken")).await;
    broken.assert(&failed("invalid-token"));
    let logout = client.request(Method::POST, LOGOUT).form().await;
    logout.assert(&redirects_to("/partner/login"));
}

#[tokio::test]
async fn scripts_of_allowed_origins_may_call_and_read_and_others_may_not() {
    let world = world().await;
    for (origin, allowed) in [
        (FRONTEND, true),
        ("https://staff.example.com", true),
        ("https://evil.example", false),
    ] {
        let client = world.client();
        let preflight = client.request(Method::OPTIONS, REQUEST_LOGIN);
        let preflight = preflight
            .without_origin()
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
            .await;
        let echoed = preflight.headers.get("access-control-allow-origin");
        assert_eq!(echoed.map(String::as_str), allowed.then_some(origin));

        let request = client.request_login(ADA).without_origin();
        let response = request.header("origin", origin).await;
        if allowed {
            let headers = response.assert("200").headers;
            assert_eq!(headers["access-control-allow-origin"], origin);
            assert_eq!(headers["access-control-allow-credentials"], "true");
            assert_eq!(headers["access-control-expose-headers"], "retry-after");
        } else {
            response.assert("403 origin-not-allowed");
        }
    }
}

#[tokio::test]
async fn without_a_public_url_the_origin_is_that_of_api_gateway() {
    let api = "https://local.execute-api.us-east-1.amazonaws.com";
    let world = World::of(Options {
        public_url: Some(api.into()),
        parameters: parameters(&[("PublicUrl", "")]),
        ..Options::default()
    })
    .await;
    let client = world.client();
    let forged = client
        .request_login(ADA)
        .without_origin()
        .header("host", "evil.example")
        .header("origin", "https://evil.example");
    forged.await.assert("403 origin-not-allowed");
    let email = client.receive_login_email(ADA).await;
    assert!(email.link().starts_with("https://"), "{email:?}");
    let verified = client.verify_link(&email.token()).form().await;
    assert_eq!(verified.location(), format!("{api}/auth/account"));
    assert!(verified.cookies[0].starts_with("__Host-partner.sid="));
    client.me().await.assert("200");
}

#[tokio::test]
async fn the_pages_let_their_forms_redirect_to_the_frontends() {
    let page = world().await.client().open(SIGN_IN).await;
    let policy = &page.headers["content-security-policy"];
    let expected = format!("form-action 'self' https://staff.example.com {FRONTEND};");
    assert!(policy.contains(&expected), "{policy}");
    assert_eq!(page.headers["referrer-policy"], "same-origin");
}

#[tokio::test]
async fn next_may_be_on_any_allowed_origin() {
    let world = world().await;
    for (next, url) in [
        ("/reports", "https://portal.example.com/reports"),
        ("https://staff.example.com/x", "https://staff.example.com/x"),
    ] {
        let client = world.client();
        client.request_login(ADA).next(next).await.assert("200");
        let token = world.latest_email().await.token();
        let verified = client.verify_link(&token).form().await;
        assert_eq!(verified.location(), url);
    }
}

#[tokio::test]
async fn the_config_is_that_of_the_parameters() {
    let defaults = json!({
        "name": "Partner", "accent": "#0b5cad", "logo": null, "logo_dark": null,
        "support": null, "language": "en", "languages": ["en", "de"],
        "password": {"minimum": 15}, "sign_up": false,
        "code": {"digits": 8, "minutes": 10, "attempts": 5}, "link_minutes": 15,
    });
    let mut others = defaults.clone();
    others["name"] = json!("R&D <Portal>");
    others["accent"] = json!("#aa1133");
    others["logo"] = json!("https://cdn.example.com/logo.svg");
    others["logo_dark"] = json!("https://cdn.example.com/dark.svg");
    others["support"] = json!("help@example.com");
    others["language"] = json!("de");
    others["password"]["minimum"] = json!(8);
    others["sign_up"] = json!(true);
    others["code"] = json!({"digits": 8, "minutes": 3, "attempts": 2});
    others["link_minutes"] = json!(3);
    let mut links_only = defaults.clone();
    links_only["password"] = json!(null);
    let changed = [
        ("PortalName", "R&D <Portal>"),
        ("AccentColor", "#aa1133"),
        ("LogoUrl", "https://cdn.example.com/logo.svg"),
        ("LogoUrlDark", "https://cdn.example.com/dark.svg"),
        ("SupportContact", "help@example.com"),
        ("Language", "de"),
        ("PasswordMinimum", "8"),
        ("SelfSignUp", "on"),
        ("LinkMinutes", "3"),
        ("CodeAttempts", "2"),
    ];
    for (parameters, expected) in [
        (&[][..], defaults),
        (&changed, others),
        (&[("Activation", "link")], links_only),
    ] {
        let world = World::with(parameters).await;
        let config = world.client().open(CONFIG).await.assert("200");
        assert_eq!(config.json(), expected);
    }
}

#[tokio::test]
async fn browsers_may_cache_the_config_and_the_client_for_each_origin() {
    let world = world().await;
    let client = world.client();
    for (path, caching) in [
        (CONFIG, "public, max-age=300"),
        (CLIENT, "public, max-age=86400"),
        (CLIENT_TYPES, "public, max-age=86400"),
    ] {
        let request = client.open(path).without_origin();
        let allowed = request.header("origin", FRONTEND).await.assert("200");
        assert_eq!(allowed.headers["access-control-allow-origin"], FRONTEND);
        let foreign = client.open(path).await.assert("200");
        for headers in [allowed.headers, foreign.headers] {
            assert_eq!(headers["cache-control"], caching, "{path}");
            assert_eq!(headers["vary"], "origin", "{path}");
        }
    }
}

#[tokio::test]
async fn the_client_is_the_file_that_is_published() {
    let world = World::start().await;
    for (path, content_type, file) in [
        (
            CLIENT,
            "text/javascript; charset=utf-8",
            include_str!("../../clients/js/vestibule.js"),
        ),
        (
            CLIENT_TYPES,
            "text/plain; charset=utf-8",
            include_str!("../../clients/js/vestibule.d.ts"),
        ),
    ] {
        let response = world.client().open(path).await.assert("200");
        assert_eq!(response.headers["content-type"], content_type);
        assert_eq!(response.body, file);
    }
}
