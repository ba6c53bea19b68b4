//! `authorizer` guards a team's own API: a Lambda authorizer for API Gateway. It has no route.
//!
//! It accepts the session cookie or `Authorization: Bearer` as `GET /auth/me` does, with the same
//! single read, and renews the session's last-seen time as `me` does. Whatever ends a session ends
//! it here on the next request, as long as the API does not cache the authorizer's answers.
//!
//! A request with the cookie whose method is not GET, HEAD or OPTIONS must pass the origin check of
//! the portal's own routes.
//!
//! | request | payload 2.0 | payload 1.0, REST API | caller |
//! |---|---|---|---|
//! | live session | `isAuthorized` is true | policy that allows `methodArn` | the API |
//! | no live session | `errorMessage` | `errorMessage`, failed invocation | 401 |
//! | cookie from a foreign page | `isAuthorized` is false | policy that denies | 403 |
//! | store or key ring unavailable | failed invocation | failed invocation | 500 |
//!
//! An HTTP API takes a returned `{"errorMessage": "Unauthorized"}` for 401, and anything that it
//! cannot read for 500. A REST API takes an invocation that failed with `Unauthorized` for 401:
//! those count as errors of the function. Payload 2.0 needs `EnableSimpleResponses`.
//!
//! A REST API may ask with `REQUEST` or, for bearer tokens only, with `TOKEN`. The authorizer needs
//! no identity sources. With some, API Gateway answers 401 itself where one of them is missing.
//!
//! The context is flat and the same everywhere: `user_id`, `email`, `role`, `resources` (JSON
//! text), `session_id`, `auth_time` (seconds since 1970), `session_age` (seconds), `amr` (RFC
//! 8176). A REST API turns its numbers into text. Only the portal's own routes renew the cookie of
//! a session of more than 400 days.

mod answer;
mod event;

use answer::Answer;
use event::Event;
use serde_json::Value;
use shared::app::App;
use shared::auth::authenticate::{Authenticated, presented_token};
use shared::http::{Problem, origin};

pub const ROUTES: &[&str] = &[];

/// Answers an event of API Gateway. Any event gets an answer, and only a live session a grant.
///
/// # Errors
/// The message of a failed invocation: `Unauthorized` for a REST API, or `Unavailable`.
pub async fn handle(app: &App, event: Value) -> Result<Value, &'static str> {
    let event = Event::new(event);
    let decision = decide(app, &event).await;
    let problem = decision.as_ref().err().map(|problem| problem.kind.name());
    tracing::info!(problem, "authorized");
    Answer::new(decision, app.clock.now()).for_gateway(&event)
}

async fn decide(app: &App, event: &Event) -> Result<Authenticated, Problem> {
    let site = &app.config.site;
    let request = event.request();
    let origin = request.portal_origin(site)?;
    let presented = presented_token(&request, &app.config.portal, &origin)?;
    if presented.is_some_and(|presented| presented.by_cookie) && !event.is_safe() {
        origin::check(&request, site, &origin)?;
    }
    app.authenticate(&request, &origin).await
}
