//! `POST /_local/email-events` hands an event of SES to the function `email-events`.
//!
//! Takes the document of the event: by itself, in the notification of a topic, or in the event of a
//! function. Responds 204, or 500 `{errorMessage}` if the invocation failed.

use crate::json::at;
use crate::lambda::Lambda;
use crate::ses::notification;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

pub(crate) fn router(email_events: Lambda) -> Router {
    Router::new()
        .route("/_local/email-events", post(hand_over))
        .with_state(email_events)
}

async fn hand_over(State(email_events): State<Lambda>, body: String) -> Response {
    match email_events.invoke(event(&body)).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(message) => {
            let content_type = [(CONTENT_TYPE, "application/json")];
            let answer = json!({"errorMessage": message}).to_string();
            (StatusCode::INTERNAL_SERVER_ERROR, content_type, answer).into_response()
        }
    }
}

/// Returns the event of the function. What is not wrapped is wrapped, JSON or not.
fn event(body: &str) -> Value {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    if at(&json, "/Records").is_array() {
        return json;
    }
    notification(at(&json, "/Message").as_str().unwrap_or(body))
}
