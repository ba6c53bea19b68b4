//! Requests that no route of a function takes: HEAD, slashes at the end, and what does not exist.
//! Browsers and people get something that they can use.

use kit::routes::{ACCOUNT, CONFIG, ICON, LOGOUT, ME, REQUEST_LOGIN, ROOT, SESSIONS, SIGN_IN};
use kit::routes::{CHANGE_PASSWORD_PAGE, VERIFY};
use kit::{ADA, World};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn head_has_the_status_and_headers_of_get_and_no_body() {
    let world = World::start().await;
    let client = world.client();
    let link = client.receive_login_email(ADA).await.path().to_owned();
    let before = world.snapshot();
    for path in [
        ROOT,
        ICON,
        CHANGE_PASSWORD_PAGE,
        SIGN_IN,
        ACCOUNT,
        CONFIG,
        &link,
    ] {
        let get = client.open(path).without_origin().await;
        let head = client.request(Method::HEAD, path).without_origin().await;
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.body, "", "{path}");
        for name in [
            "cache-control",
            "content-security-policy",
            "content-type",
            "location",
        ] {
            let of = |response: &kit::ApiResponse| response.headers.get(name).cloned();
            assert_eq!(of(&head), of(&get), "{path}: {name}");
        }
    }
    assert_eq!(world.snapshot(), before);
    client
        .verify_link(link.rsplit('/').next().unwrap())
        .await
        .assert("200");
}

#[tokio::test]
async fn slashes_at_the_end_are_redirected_with_the_query() {
    let world = World::start().await;
    let client = world.client();
    let origin = world.portal.public_url();
    for (method, path, location) in [
        (Method::GET, "/auth/sign-in/", "/auth/sign-in"),
        (
            Method::GET,
            "/auth/sign-in//?next=%2Fa%26b&x",
            "/auth/sign-in?next=%2Fa%26b&x=",
        ),
        (Method::HEAD, "/auth/verify/abc/", "/auth/verify/abc"),
        // Never to another host.
        (Method::GET, "//evil.example/", "//evil.example"),
    ] {
        let response = client.request(method, path).without_origin().await;
        assert_eq!(response.status, 308, "{path}: {response:?}");
        assert_eq!(response.location(), format!("{origin}{location}"));
    }
    let long = format!("/auth/sign-in/?{}", "a".repeat(2048));
    for path in [
        &long,
        "//",
        "/auth/%0d%0aset-cookie:x/",
        "/a%20b/",
        "/%5cevil.example/",
        "/\u{e4}/",
    ] {
        let response = client.open(path).without_origin().await;
        response.assert("404 not-found");
    }
}

#[tokio::test]
async fn what_does_not_exist_is_a_problem_for_programs_and_a_page_for_people() {
    let world = World::start().await;
    let client = world.client();
    for (method, path) in [
        (Method::GET, "/auth/nothing"),
        (Method::GET, "/robots.txt"),
        (Method::GET, REQUEST_LOGIN),
        (Method::GET, LOGOUT),
        (Method::GET, "/admin"),
    ] {
        let request = client.request(method, path).without_origin();
        request.clone().await.assert("404 not-found");
        let page = request.header("accept", "text/html,*/*;q=0.8").await;
        assert_eq!(page.status, 404, "{path}");
        page.assert_contains("<h1>Page not found</h1>")
            .assert_contains(SIGN_IN);
    }
    // No person sends these.
    for (method, path) in [
        (Method::POST, ROOT),
        (Method::PUT, VERIFY),
        (Method::POST, "/auth/nothing"),
    ] {
        let response = client.request(method, path).without_origin().await;
        assert_eq!(
            response.assert("404").json(),
            json!({"message": "Not Found"})
        );
    }
    let head = client.request(Method::HEAD, "/auth/nothing");
    assert_eq!(head.without_origin().await.status, 404);
}

#[tokio::test]
async fn a_browser_gets_the_problem_of_an_endpoint_as_a_page_in_its_language() {
    let world = World::start().await;
    let client = world.client();
    for path in [ME, SESSIONS] {
        let request = client.open(path).without_origin();
        let page = request.header("accept", "text/html,*/*;q=0.8");
        let page = page.header("accept-language", "de").await;
        assert_eq!(page.status, 401);
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(page.headers["www-authenticate"], "Bearer");
        page.assert_contains("<html lang=\"de\">")
            .assert_contains("<p>Melden Sie sich an")
            .assert_contains(&format!("<a href=\"{SIGN_IN}\">"));
        client.open(path).await.assert("401 not-authenticated");
    }
    // A program may accept HTML by default.
    let program = client.open(ME).without_origin();
    let program = program.header("accept", "text/html, image/gif, */*");
    let program = program.header("authorization", "Bearer x").await;
    program.assert("401 not-authenticated");
    // A form of a foreign page is refused in words, too.
    let foreign = client
        .post(REQUEST_LOGIN)
        .body(json!({"email": ADA}))
        .form();
    let foreign = foreign.header("origin", "https://evil.example");
    let foreign = foreign.header("accept", "text/html").await;
    assert_eq!(foreign.status, 403);
    assert_eq!(foreign.headers["content-type"], "text/html; charset=utf-8");
}
