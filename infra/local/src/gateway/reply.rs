//! Responses of functions and of API Gateway itself.

use crate::json::at;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Returns the response that a function's output (payload format 2.0) describes, or `None` if it
/// describes none.
pub(super) fn from_function(output: &Value) -> Option<Response> {
    let status = at(output, "/statusCode")
        .as_u64()
        .and_then(|status| u16::try_from(status).ok())?;
    let body = at(output, "/body").as_str().unwrap_or_default();
    let body = if at(output, "/isBase64Encoded") == true {
        STANDARD.decode(body).ok()?
    } else {
        body.as_bytes().to_vec()
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    for (name, value) in at(output, "/headers").as_object().into_iter().flatten() {
        header(&mut response, name, value.as_str()?);
    }
    for cookie in at(output, "/cookies").as_array().into_iter().flatten() {
        header(&mut response, "set-cookie", cookie.as_str()?);
    }
    Some(response)
}

/// Returns a response of API Gateway itself, such as `{"message":"Not Found"}`.
pub(super) fn message(status: StatusCode, message: &str) -> Response {
    let mut response = Response::new(Body::from(json!({ "message": message }).to_string()));
    *response.status_mut() = status;
    header(&mut response, "content-type", "application/json");
    response
}

/// Returns a response without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Adds a header, unless its name or value is invalid.
pub(super) fn header(response: &mut Response, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        response.headers_mut().append(name, value);
    }
}
