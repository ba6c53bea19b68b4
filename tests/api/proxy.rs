//! A portal behind a proxy: visitors reach it only through the proxy, which tells who they are.

use kit::{ADA, World, mins};
use serde_json::Value;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NEXT_SECRET: &str = "next-secret-0123456789abcdef-012";
const VIEWER: (&str, &str) = ("cloudfront-viewer-address", "203.0.113.9:4711");

const fn secret(value: &'static str) -> (&'static str, &'static str) {
    ("vestibule-proxy-secret", value)
}

/// Requests a link with these headers. Returns the status, and how many emails were requested from
/// the viewer's address.
async fn request_login(world: &World, headers: &[(&str, &str)]) -> (u16, usize) {
    world.clock.advance(mins(2));
    let client = world.client();
    let mut request = client.request_login(ADA);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let response = request.await;
    let emails = world.rows("emails");
    let of_viewer = |row: &&Value| row["ip"]["S"] == "203.0.113.9";
    (response.status, emails.iter().filter(of_viewer).count())
}

#[tokio::test]
async fn visitors_reach_the_portal_only_through_its_proxy() {
    let secrets = format!("{SECRET},{NEXT_SECRET}");
    let world = World::with(&[("ProxySecret", &secrets)]).await;
    let before = world.snapshot();
    for headers in [
        &[][..],
        &[VIEWER],
        &[VIEWER, secret("")],
        &[VIEWER, secret("0123456789abcdef0123456789abcdeF")],
        &[VIEWER, secret(SECRET), secret("")],
        &[secret(SECRET)],
        &[("cloudfront-viewer-address", "somewhere"), secret(SECRET)],
    ] {
        assert_eq!(
            request_login(&world, headers).await,
            (421, 0),
            "{headers:?}"
        );
    }
    assert_eq!(world.snapshot(), before);
    let administrator = world.client();
    administrator
        .create_user("eve@example.com", "Eve")
        .await
        .assert("201");
    for (value, emails) in [(SECRET, 1), (NEXT_SECRET, 2)] {
        let answer = request_login(&world, &[VIEWER, secret(value)]).await;
        assert_eq!(answer, (200, emails));
    }
}

#[tokio::test]
async fn without_a_proxy_its_headers_change_nothing() {
    let world = World::start().await;
    let answer = request_login(&world, &[VIEWER, secret(SECRET)]).await;
    assert_eq!(answer, (200, 0));
}
