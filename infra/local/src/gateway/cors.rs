//! CORS headers as an HTTP API sets them from its configuration. Functions have no influence.

use super::reply::header;
use crate::template::Cors;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::Response;

/// Replaces the function's CORS headers by those that the configuration gives to the request's
/// origin: none unless the origin is allowed.
pub(super) fn apply(cors: &Cors, request: &Parts, response: &mut Response) {
    let headers = response.headers_mut();
    let from_function: Vec<_> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("access-control-"))
        .cloned()
        .collect();
    for name in from_function {
        headers.remove(name);
    }
    let origin = request
        .headers
        .get("origin")
        .and_then(|value| value.to_str().ok());
    let Some(origin) =
        origin.filter(|origin| cors.allow_origins.iter().any(|allowed| allowed == origin))
    else {
        return;
    };
    header(response, "access-control-allow-origin", origin);
    header(response, "vary", "origin");
    if cors.allow_credentials {
        header(response, "access-control-allow-credentials", "true");
    }
    if request.method != Method::OPTIONS {
        list(
            response,
            "access-control-expose-headers",
            &cors.expose_headers,
        );
        return;
    }
    list(
        response,
        "access-control-allow-methods",
        &cors.allow_methods,
    );
    list(
        response,
        "access-control-allow-headers",
        &cors.allow_headers,
    );
    if let Some(seconds) = cors.max_age {
        header(response, "access-control-max-age", &seconds.to_string());
    }
}

fn list(response: &mut Response, name: &str, values: &[String]) {
    if !values.is_empty() {
        header(response, name, &values.join(","));
    }
}
