//! Responses and the headers that every response carries.

use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// A response whose body is text.
pub type Response = http::Response<String>;

/// Creates a JSON response.
pub fn json(status: u16, body: &impl Serialize) -> Response {
    #[expect(
        clippy::expect_used,
        reason = "response types are strings, numbers and lists"
    )]
    let body = serde_json::to_string(body).expect("response types serialize");
    text(status, "application/json", body)
}

/// Creates a JSON response that anybody may cache for `max_age`.
pub fn public_json(body: &impl Serialize, max_age: Duration) -> Response {
    public(json(200, body), max_age)
}

/// Creates a text that anybody may cache for `max_age`.
pub fn public_text(content_type: &str, body: &str, max_age: Duration) -> Response {
    public(text(200, content_type, body.to_owned()), max_age)
}

fn public(mut response: Response, max_age: Duration) -> Response {
    let caching = format!("public, max-age={}", max_age.as_secs());
    let headers = response.headers_mut();
    headers.insert("cache-control", value(&caching));
    // API Gateway adds the CORS headers for the origin that asks.
    headers.insert("vary", value("origin"));
    response
}

/// Creates a page with its content security policy.
pub fn page(html: String, policy: &str) -> Response {
    let mut response = text(200, "text/html; charset=utf-8", html);
    let headers = response.headers_mut();
    headers.insert("content-security-policy", value(policy));
    // Not `no-referrer`: with that, browsers post `Origin: null`.
    headers.insert("referrer-policy", value("same-origin"));
    response
}

/// Creates a redirect (303 See Other).
pub fn see_other(location: &str) -> Response {
    let mut response = text(303, "text/plain; charset=utf-8", String::new());
    response.headers_mut().insert("location", value(location));
    response
}

/// Creates a redirect that keeps the method and the body (308 Permanent Redirect).
pub fn permanent_redirect(location: &str) -> Response {
    let mut response = see_other(location);
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response
}

/// Creates an empty response (204 No Content).
pub fn no_content() -> Response {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Creates the refusal of a visitor who did not come through the portal's proxy: 421 (RFC 9110,
/// section 15.5.20), in API Gateway's form.
pub(crate) fn misdirected() -> Response {
    json(421, &json!({ "message": "Misdirected Request" }))
}

/// Creates a response with a body of this content type.
pub(super) fn text(status: u16, content_type: &str, body: String) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().unwrap_or_default();
    response
        .headers_mut()
        .insert("content-type", value(content_type));
    response
}

/// Adds `cookie`, the value of a `Set-Cookie` header.
#[must_use]
pub fn with_cookie(mut response: Response, cookie: &str) -> Response {
    response.headers_mut().append("set-cookie", value(cookie));
    response
}

/// Adds the headers of every response; headers that the handler set stay.
pub(crate) fn secure(mut response: Response) -> Response {
    let always = [
        ("cache-control", "no-store"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
        ("cross-origin-opener-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        (
            "strict-transport-security",
            "max-age=63072000; includeSubDomains",
        ),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ];
    for (name, text) in always {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(text));
    }
    response
}

/// Returns a header value; text that cannot be one becomes empty instead of an outage.
pub(crate) fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
