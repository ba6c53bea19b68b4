//! CORS as HTTP APIs do it from their configuration: the functions have no say in it.

use super::reply::header;
use crate::template::Cors;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::Response;

/// Replaces whatever the function said about CORS by what the configuration says to the request's
/// origin: nothing, unless it is an allowed one.
pub(super) fn apply(cors: &Cors, request: &Parts, response: &mut Response) {
    let headers = response.headers_mut();
    let said: Vec<_> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("access-control-"))
        .cloned()
        .collect();
    for name in said {
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
