mod portal;

use axum::http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::{Json, Router, routing::get, routing::post};
use jsonwebtoken::{decode, decode_header, get_current_timestamp};
use serde_json::{Value, json};
use std::env;

fn verify(headers: &HeaderMap) -> Option<Value> {
    let token = headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")?;
    let key = portal::key(&decode_header(token).ok()?.kid?)?;
    let rules = portal::rules(&env::var("PORTAL").ok()?);
    let verified = decode::<Value>(token, &key, &rules).ok()?;
    (verified.header.typ? == "at+jwt").then_some(verified.claims)
}

/// Returns the user, who must have signed in or confirmed it within `max_age` seconds.
fn signed_in(headers: HeaderMap, max_age: u64) -> Result<Json<Value>, impl IntoResponse> {
    let user = verify(&headers).ok_or_else(|| problem("not-authenticated", json!({})))?;
    let since = get_current_timestamp().saturating_sub(max_age);
    if user["auth_time"].as_u64() >= Some(since) {
        return Ok(Json(user));
    }
    Err(problem("reauthentication-required", json!({"max_age": max_age})))
}

fn problem(kind: &str, mut body: Value) -> impl IntoResponse {
    body["type"] = format!("urn:vestibule:problem:{kind}").into();
    body["status"] = 401.into();
    (StatusCode::UNAUTHORIZED, [(CONTENT_TYPE, "application/problem+json")], body.to_string())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    portal::keep_reading_keys(env::var("PORTAL").unwrap());
    let app = Router::new()
        .route("/whoami", get(async |headers: HeaderMap| signed_in(headers, u64::MAX)))
        .route("/payments", post(async |headers: HeaderMap| signed_in(headers, 300)));
    let address = format!("127.0.0.1:{}", env::var("PORT").unwrap());
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
