//! Answers: a function's, and API Gateway's own.

use crate::json::at;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// What a function's answer (payload format 2.0) becomes; `None` when it is not one.
pub(super) fn of_function(answer: &Value) -> Option<Response> {
    let status = at(answer, "/statusCode")
        .as_u64()
        .and_then(|status| u16::try_from(status).ok())?;
    let body = at(answer, "/body").as_str().unwrap_or_default();
    let body = if at(answer, "/isBase64Encoded") == true {
        STANDARD.decode(body).ok()?
    } else {
        body.as_bytes().to_vec()
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    for (name, value) in at(answer, "/headers").as_object().into_iter().flatten() {
        header(&mut response, name, value.as_str()?);
    }
    for cookie in at(answer, "/cookies").as_array().into_iter().flatten() {
        header(&mut response, "set-cookie", cookie.as_str()?);
    }
    Some(response)
}

/// API Gateway's own: `{"message":"Not Found"}`.
pub(super) fn message(status: StatusCode, message: &str) -> Response {
    let mut response = Response::new(Body::from(json!({ "message": message }).to_string()));
    *response.status_mut() = status;
    header(&mut response, "content-type", "application/json");
    response
}

/// Nothing but a status.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Adds a header; one that cannot be sent is left out.
pub(super) fn header(response: &mut Response, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        response.headers_mut().append(name, value);
    }
}
