//! The page of the local portal under `/_local/`, which is not part of the API.

use kit::routes::LOCAL_INBOX;
use kit::{ADA, ApiResponse, World, parameters};
use local::Options;
use reqwest::Method;

const PAGE: &str = "/_local/";

async fn world_of(host: &str, frontend: Option<&str>) -> World {
    World::of(Options {
        host: Some(host.to_owned()),
        frontend: frontend.map(str::to_owned),
        ..Options::default()
    })
    .await
}

fn policy(response: &ApiResponse) -> &str {
    &response.headers["content-security-policy"]
}

/// Returns the page as a browser opens it at the portal's public URL.
async fn page(world: &World) -> ApiResponse {
    let host = world.portal.public_url().split_once("//").unwrap().1;
    world.client().open(PAGE).header("host", host).await
}

#[tokio::test]
async fn the_page_and_the_terminal_warn_where_this_machine_differs_from_a_deployment() {
    let shared = "Cookies ignore ports";
    let sites = "are two sites";
    let cases = [
        ("localhost", "http://localhost:5173", Some(shared)),
        (
            "login.example.localhost",
            "http://login.example.localhost:5173",
            Some(shared),
        ),
        (
            "login.localhost",
            "http://portal.localhost:5173",
            Some(sites),
        ),
        ("localhost", "http://portal.localhost:5173", Some(sites)),
        ("localhost", "http://127.0.0.1:5173", Some(sites)),
        ("localhost", "https://localhost:5173", Some(sites)),
        ("localhost", "https://portal.example.com", Some(sites)),
        (
            "login.example.localhost",
            "http://portal.example.localhost:5173",
            None,
        ),
    ];
    for (host, frontend, expected) in cases {
        let world = world_of(host, Some(frontend)).await;
        let greeting = world.portal.greeting();
        let page = page(&world).await;
        for warning in [shared, sites] {
            let is_expected = expected == Some(warning);
            assert_eq!(greeting.contains(warning), is_expected, "{host} {frontend}");
            assert_eq!(
                page.body.contains(warning),
                is_expected,
                "{host} {frontend}"
            );
        }
        let command = "--host login.example.localhost --frontend http://portal.example.localhost";
        assert_eq!(greeting.contains(command), expected.is_some(), "{greeting}");
    }
    let world = world_of("localhost", None).await;
    assert!(!world.portal.greeting().contains("Note"));
}

#[tokio::test]
async fn at_another_host_the_page_names_the_right_one() {
    let world = World::start().await;
    page(&world).await.assert_lacks("You opened this page at");
    let host = world.portal.url().replace("http://", "");
    let opened = world.client().open(PAGE).await;
    opened
        .assert_contains(&format!("You opened this page at {host}."))
        .assert_contains(&format!("{}/_local/", world.portal.public_url()));
}

#[tokio::test]
async fn every_parameter_is_listed_with_its_value_or_with_default_and_description() {
    let world = World::of(Options {
        parameters: parameters(&[("SelfSignUp", "on"), ("PortalName", "<b>A</b>")]),
        ..Options::default()
    })
    .await;
    let page = page(&world).await;
    let overrides = parameters(&[("EmailFrom", "a@example.com")]);
    let template = local::template::Template::read(&overrides).unwrap();
    assert!(template.parameters.len() > 40);
    let (set, unset) = page.body.split_once("others, with their defaults").unwrap();
    for parameter in &template.parameters {
        let name = format!("<dt><code>{}</code></dt>", parameter.name);
        let is_set = set.contains(&name);
        assert_eq!(unset.contains(&name), !is_set, "{name}");
        let description = parameter.description.replace('\'', "&#39;");
        assert_eq!(unset.contains(&description), !is_set, "{description}");
    }
    assert!(set.contains("<dt><code>SelfSignUp</code></dt>\n<dd>on</dd>"));
    page.assert_contains("&#60;b&#62;A&#60;/b&#62; on this machine")
        .assert_lacks("<b>");
}

#[tokio::test]
async fn only_the_script_of_the_page_runs_and_none_of_an_email() {
    let world = World::start().await;
    world.client().receive_login_email(ADA).await;
    let page = page(&world).await;
    let of_page = policy(&page);
    assert!(
        of_page.starts_with("default-src 'none'; style-src 'sha256-"),
        "{of_page}"
    );
    assert!(!of_page.contains("unsafe"), "{of_page}");
    assert!(of_page.contains("frame-ancestors 'none'"), "{of_page}");
    let email = world.client().open("/_local/emails/1").await;
    assert_eq!(email.body, world.latest_email().await.html);
    let of_email = policy(&email);
    for missing in [
        "script-src",
        "allow-scripts",
        "allow-forms",
        "allow-top-navigation",
    ] {
        assert!(!of_email.contains(missing), "{of_email}");
    }
    for directive in ["default-src 'none'", "sandbox", "frame-ancestors 'self'"] {
        assert!(of_email.contains(directive), "{of_email}");
    }
    assert_eq!(world.client().open("/_local/emails/2").await.status, 404);
}

#[tokio::test]
async fn the_entity_tag_of_the_inbox_changes_with_what_the_page_shows() {
    let world = World::of(Options {
        announce: true,
        ..Options::default()
    })
    .await;
    let client = world.client();
    let tag = async || {
        let head = client.request(Method::HEAD, LOCAL_INBOX).await;
        assert_eq!(head.body, "");
        let tag = head.headers["etag"].clone();
        let version = format!("data-version={tag}");
        page(&world).await.assert_contains(&version);
        tag
    };
    let empty = tag().await;
    assert_eq!(tag().await, empty);
    client.receive_login_email(ADA).await;
    let received = tag().await;
    assert_ne!(received, empty);

    client.request_login("nobody@example.com").await;
    let unsent = "nobody@example.com at <time";
    while !page(&world).await.body.contains(unsent) {
        tokio::task::yield_now().await;
    }
    assert_ne!(tag().await, received);

    let before = tag().await;
    client
        .request(Method::DELETE, LOCAL_INBOX)
        .await
        .assert("204");
    assert!(![&empty, &before].contains(&&tag().await));
    page(&world).await.assert_lacks(unsent);
    client.open("/_local/emails/1").await.assert("404");
}
