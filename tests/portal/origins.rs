//! Every route that changes something × every way a page elsewhere could send it.

use reqwest::Method;
use serde_json::json;
use tests::{World, form};

type Headers = &'static [(&'static str, &'static str)];

/// Its name, the headers, and whether the body is a form.
const ATTACKS: [(&str, Headers, bool); 11] = [
    (
        "a cross-site form",
        &[
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ],
        true,
    ),
    (
        "a cross-site form of an old browser",
        &[("origin", "https://evil.example")],
        true,
    ),
    (
        "a cross-site script",
        &[
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ],
        false,
    ),
    ("an opaque origin", &[("origin", "null")], true),
    ("an opaque origin with JSON", &[("origin", "null")], false),
    (
        "a sandboxed frame",
        &[("origin", "null"), ("sec-fetch-site", "cross-site")],
        true,
    ),
    (
        "a sibling subdomain",
        &[
            ("origin", "http://sibling.localhost:8787"),
            ("sec-fetch-site", "same-site"),
        ],
        true,
    ),
    (
        "a sibling that hides its origin",
        &[("sec-fetch-site", "same-site")],
        false,
    ),
    ("no origin at all with a form", &[], true),
    (
        "two origins",
        &[("origin", "http://localhost,https://evil.example")],
        false,
    ),
    (
        "a prefetch",
        &[
            ("sec-fetch-site", "same-origin"),
            ("sec-purpose", "prefetch"),
        ],
        false,
    ),
];

#[tokio::test]
async fn what_a_page_elsewhere_sends_changes_nothing_with_cookies_or_without() {
    let world = World::start().await;
    let browser = world.browser();
    browser.sign_in("ada@example.com").await;
    world.time.pass(tests::mins(1));
    let mail = browser.ask("ada@example.com").await;
    let (token, code) = (mail.token(), mail.code());
    let routes: [(&str, Vec<(&str, &str)>); 4] = [
        ("/auth/request-login", vec![("email", "grace@example.com")]),
        ("/auth/verify", vec![("token", &token)]),
        ("/auth/verify", vec![("code", &code)]),
        ("/auth/logout", vec![]),
    ];
    let before = world.everything();
    world.portal.take_calls();
    for (path, fields) in &routes {
        for (attack, headers, is_form) in ATTACKS {
            for cookies in [true, false] {
                let stranger = world.browser();
                let sender = if cookies { &browser } else { &stranger };
                let request = headers
                    .iter()
                    .fold(sender.bare(Method::POST, path), |r, (name, value)| {
                        r.header(*name, *value)
                    });
                let object: serde_json::Map<_, _> = fields
                    .iter()
                    .map(|(k, v)| ((*k).to_owned(), json!(v)))
                    .collect();
                let request = if is_form {
                    request
                        .header("content-type", "application/x-www-form-urlencoded")
                        .body(form(fields))
                } else {
                    request
                        .header("content-type", "application/json")
                        .body(json!(object).to_string())
                };
                let answer = sender.send(request).await;
                let seen = (answer.status.as_u16(), answer.problem());
                assert_eq!(
                    seen,
                    (403, "origin-not-allowed".to_owned()),
                    "{path} from {attack}, cookies: {cookies}"
                );
                assert!(answer.cookies.is_empty(), "{path} from {attack}");
            }
        }
    }
    assert_eq!(world.everything(), before);
    assert!(world.portal.take_calls().is_empty(), "not even a read");
    assert_eq!(browser.me().await.status, 200);
}

#[tokio::test]
async fn the_portals_own_pages_and_programs_may() {
    let world = World::start().await;
    let own = world.portal.public_url();
    let allowed: [(&[(&str, &str)], bool); 4] = [
        (&[("origin", own), ("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "same-origin")], true),
        (
            &[("origin", "null"), ("sec-fetch-site", "same-origin")],
            true,
        ),
        (&[], false),
    ];
    for (headers, is_form) in allowed {
        let browser = world.browser();
        let request = headers.iter().fold(
            browser.bare(Method::POST, "/auth/request-login"),
            |r, (k, v)| r.header(*k, *v),
        );
        let request = if is_form {
            request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form(&[("email", "ada@example.com")]))
        } else {
            request
                .header("content-type", "application/json; charset=utf-8")
                .body(r#"{"email":"ada@example.com"}"#)
        };
        assert!(
            browser.send(request).await.status.as_u16() < 400,
            "{headers:?}"
        );
    }
}
