//! Every route that changes something, sent in every way that a page elsewhere could send it.

use kit::routes::REQUEST_LOGIN;
use kit::{ADA, ApiClient, ApiRequest, GRACE, World, mins};

type Headers = &'static [(&'static str, &'static str)];

const CROSS_SITE: (&str, &str) = ("sec-fetch-site", "cross-site");
const SAME_SITE: (&str, &str) = ("sec-fetch-site", "same-site");
const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");
const EVIL: (&str, &str) = ("origin", "https://evil.example");
const OPAQUE: (&str, &str) = ("origin", "null");

/// The name of an attack, its headers, and whether its body is a form.
const ATTACKS: [(&str, Headers, bool); 11] = [
    ("a cross-site form", &[EVIL, CROSS_SITE], true),
    ("a cross-site form of an old browser", &[EVIL], true),
    ("a cross-site script", &[EVIL, CROSS_SITE], false),
    ("an opaque origin", &[OPAQUE], true),
    ("an opaque origin with JSON", &[OPAQUE], false),
    ("a sandboxed frame", &[OPAQUE, CROSS_SITE], true),
    (
        "a sibling subdomain",
        &[("origin", "http://sibling.localhost:8787"), SAME_SITE],
        true,
    ),
    ("a sibling that hides its origin", &[SAME_SITE], false),
    ("no origin at all with a form", &[], true),
    (
        "two origins",
        &[("origin", "http://localhost,https://evil.example")],
        false,
    ),
    (
        "a prefetch",
        &[SAME_ORIGIN, ("sec-purpose", "prefetch")],
        false,
    ),
];

/// Sends a request with no other headers about its origin than these.
fn from<'c>(request: ApiRequest<'c>, headers: &[(&str, &str)], is_form: bool) -> ApiRequest<'c> {
    let request = request.without_origin();
    let request = if is_form { request.form() } else { request };
    headers.iter().fold(request, |request, (name, value)| {
        request.header(name, value)
    })
}

#[tokio::test]
async fn a_page_elsewhere_changes_nothing_with_cookies_or_without() {
    type Request<'r> = &'r dyn for<'c> Fn(&'c ApiClient<'_>) -> ApiRequest<'c>;
    let world = World::start().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    world.clock.advance(mins(1));
    let email = client.receive_login_email(ADA).await;
    let requests: [Request<'_>; 4] = [
        &|client| client.request_login(GRACE),
        &|client| client.verify_link(&email.token()),
        &|client| client.verify_code(&email.code),
        &|client| client.logout(),
    ];
    let before = world.snapshot();
    world.portal.take_calls();
    for request in requests {
        for (attack, headers, is_form) in ATTACKS {
            let stranger = world.client();
            for sender in [&client, &stranger] {
                let response = from(request(sender), headers, is_form).await;
                let response = response.assert("403 origin-not-allowed");
                assert!(response.cookies.is_empty(), "{attack}");
            }
        }
    }
    assert_eq!(world.snapshot(), before);
    assert!(world.portal.take_calls().is_empty(), "not even a read");
    client.me().await.assert("200");
}

#[tokio::test]
async fn the_portals_own_pages_and_programs_are_allowed() {
    let world = World::start().await;
    let origin = world.portal.public_url();
    let allowed: [(&[(&str, &str)], bool); 4] = [
        (&[("origin", origin), SAME_ORIGIN], true),
        (&[SAME_ORIGIN], true),
        (&[OPAQUE, SAME_ORIGIN], true),
        (
            &[("content-type", "application/json; charset=utf-8")],
            false,
        ),
    ];
    for (headers, is_form) in allowed {
        let client = world.client();
        let request = client.post(REQUEST_LOGIN).with("email", ADA);
        let response = from(request, headers, is_form).await;
        assert!(response.status < 400, "{headers:?}: {response:?}");
    }
}
