//! A foreign page cannot use the cookie for anything but reading.

use super::signed_in;
use kit::World;
use kit::authorizer::{http_api_event, rest_api_event};
use serde_json::json;

const OWN: &str = "https://login.example.com";
const FRONTEND: &str = "https://portal.example.com";
const FOREIGN: &str = "https://elsewhere.example.net";
const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn the_cookie_of_a_foreign_page_changes_nothing() {
    let world = World::of(local::Options {
        public_url: Some(OWN.into()),
        parameters: kit::parameters(&[("FrontendUrl", FRONTEND)]),
        ..local::Options::default()
    })
    .await;
    let client = signed_in(&world).await;
    let cookie = client.cookie_header();
    let bearer = format!("Bearer {}", client.session().unwrap());
    let cases: [(&[(&str, &str)], bool); 11] = [
        (&[("origin", OWN)], true),
        (&[("origin", FRONTEND)], true),
        (
            &[("Origin", FRONTEND), ("Sec-Fetch-Site", "cross-site")],
            true,
        ),
        (
            &[("origin", "null"), ("sec-fetch-site", "same-origin")],
            true,
        ),
        (&[JSON], true),
        (&[("origin", FOREIGN)], false),
        (&[("Origin", FOREIGN), JSON], false),
        (&[("origin", "null"), JSON], false),
        (&[("sec-fetch-site", "same-site"), JSON], false),
        (&[("origin", "https://api.example.com"), JSON], false),
        (&[], false),
    ];
    for (headers, is_own) in cases {
        for method in [
            "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "get", "x",
        ] {
            let is_safe = ["GET", "HEAD", "OPTIONS"].contains(&method);
            let with_cookie = [headers, &[("cookie", cookie.as_str())]].concat();
            let with_bearer = [headers, &[("authorization", bearer.as_str())]].concat();
            for event in [http_api_event, rest_api_event] {
                let (status, _) = world.authorize(event(method, &with_cookie)).await;
                let expected = if is_own || is_safe { 200 } else { 403 };
                assert_eq!(status, expected, "{method} {headers:?}");
                let (status, _) = world.authorize(event(method, &with_bearer)).await;
                assert_eq!(status, 200, "{method} {headers:?}");
                let (status, _) = world.authorize(event(method, headers)).await;
                assert_eq!(status, 401, "{method} {headers:?}");
            }
        }
    }
}

#[tokio::test]
async fn two_origins_and_an_unknown_method_are_foreign() {
    let world = World::start().await;
    let client = signed_in(&world).await;
    let (cookie, own) = (client.cookie_header(), world.portal.public_url());
    let one = [("cookie", cookie.as_str()), ("origin", own)];
    let two = [
        ("cookie", cookie.as_str()),
        ("origin", FOREIGN),
        ("origin", own),
    ];
    assert_eq!(world.authorize(rest_api_event("POST", &one)).await.0, 200);
    assert_eq!(world.authorize(rest_api_event("POST", &two)).await.0, 403);
    let foreign = [("cookie", cookie.as_str()), ("origin", FOREIGN)];
    for method in [json!(null), json!(1), json!(["GET"]), json!({"GET": "GET"})] {
        let mut event = http_api_event("GET", &foreign);
        event["requestContext"]["http"]["method"] = method.clone();
        event["httpMethod"] = json!("GET");
        assert_eq!(world.authorize(event).await.0, 403);
        let mut event = rest_api_event("GET", &foreign);
        event["httpMethod"] = method;
        assert_eq!(world.authorize(event).await.0, 403);
    }
}
