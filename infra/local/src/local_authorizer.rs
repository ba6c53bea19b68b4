//! `POST /_local/authorizer` invokes the authorizer, as API Gateway does for a team's own API.
//!
//! Takes the event, and responds 200 with the authorizer's answer, or 500 `{errorMessage}` if the
//! invocation failed.

use crate::lambda::Lambda;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

pub(crate) fn router(authorizer: Lambda) -> Router {
    Router::new()
        .route("/_local/authorizer", post(authorize))
        .with_state(authorizer)
}

async fn authorize(State(authorizer): State<Lambda>, event: String) -> Response {
    let Ok(event) = serde_json::from_str::<Value>(&event) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let (status, answer) = match authorizer.invoke(event).await {
        Ok(answer) => (StatusCode::OK, answer),
        Err(message) => {
            let answer = json!({"errorMessage": message});
            (StatusCode::INTERNAL_SERVER_ERROR, answer)
        }
    };
    let content_type = [(CONTENT_TYPE, "application/json")];
    (status, content_type, answer.to_string()).into_response()
}
