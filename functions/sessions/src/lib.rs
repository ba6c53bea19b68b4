//! A user's sessions, to herself.
//!
//! `GET /auth/sessions` lists those that live, the current one marked: `[{id, created_at,
//! last_seen_at, expires_at, client, ip, auth_method, current}]`, youngest first. `DELETE
//! /auth/sessions/{id}` ends one, `DELETE /auth/sessions` all but this one, however many they are:
//! 204. 404 for a session that is not hers or has ended.

use serde::Serialize;
use shared::app::App;
use shared::auth::authenticate::Authenticated;
use shared::domain::audit::{Action, Target};
use shared::domain::ids::{SessionHash, UserId};
use shared::domain::session::Session;
use shared::domain::time::Timestamp;
use shared::http::problem::ProblemType;
use shared::http::response::{self, with_cookie};
use shared::http::{Problem, Request, Response};

/// What this function answers.
pub const ROUTES: &[&str] = &[
    "GET /auth/sessions",
    "DELETE /auth/sessions/{id}",
    "DELETE /auth/sessions",
];

#[derive(Serialize)]
struct Output {
    id: String,
    created_at: String,
    last_seen_at: String,
    expires_at: String,
    client: String,
    ip: String,
    auth_method: &'static str,
    current: bool,
}

/// Handles the request.
///
/// # Errors
/// 401 where nobody is signed in; 403, 400, 413 and 415 for what is no request of this portal's;
/// 404 and 503.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let origin = request.portal_origin(&app.config.site)?;
    if request.route() == "GET /auth/sessions" {
        let all = async |user: &UserId| app.store.list_sessions(user).await;
        let (signed_in, sessions) = app.authenticate_with(&request, &origin, all).await?;
        return Ok(list(sessions, &signed_in, app.clock.now()));
    }
    request.empty_body(&app.config.site, &origin)?;
    let signed_in = app.authenticate(&request, &origin).await?;
    match request.route() {
        "DELETE /auth/sessions" => end_others(app, &request, &signed_in).await?,
        _ => end_one(app, &request, &signed_in).await?,
    }
    Ok(response::no_content())
}

fn list(mut sessions: Vec<Session>, signed_in: &Authenticated, now: Timestamp) -> Response {
    sessions.retain(|session| session.is_live(&signed_in.user, now));
    sessions.sort_by_key(|session| std::cmp::Reverse(session.created_at));
    let output: Vec<_> = sessions
        .iter()
        .map(|session| output(session, &signed_in.session.hash))
        .collect();
    let response = response::json(200, &output);
    match &signed_in.renewed_cookie {
        Some(cookie) => with_cookie(response, cookie),
        None => response,
    }
}

fn output(session: &Session, current: &SessionHash) -> Output {
    Output {
        id: session.hash.to_string(),
        created_at: session.created_at.rfc3339(),
        last_seen_at: session.last_seen_at.rfc3339(),
        expires_at: session.expires_at.rfc3339(),
        client: session.client.in_words(),
        ip: session.client.ip.clone(),
        auth_method: session.auth_method.as_str(),
        current: session.hash == *current,
    }
}

fn no_such_session() -> Problem {
    Problem::new(ProblemType::NotFound, "You have no session with this id.")
}

async fn end_one(app: &App, request: &Request, signed_in: &Authenticated) -> Result<(), Problem> {
    let session = SessionHash::parse(request.path_parameter("id")).ok_or_else(no_such_session)?;
    let resource = Target::Session(session);
    let event = app.audit_event(
        Action::SessionRevoked,
        &signed_in.user.id,
        resource,
        &request.client(),
        app.clock.now(),
    );
    let ended = app
        .store
        .revoke_session(&signed_in.user.id, &session, &event)
        .await?;
    ended.then_some(()).ok_or_else(no_such_session)
}

async fn end_others(
    app: &App,
    request: &Request,
    signed_in: &Authenticated,
) -> Result<(), Problem> {
    let resource = Target::Session(signed_in.session.hash);
    let event = app.audit_event(
        Action::SessionsRevoked,
        &signed_in.user.id,
        resource,
        &request.client(),
        app.clock.now(),
    );
    let ended = app
        .store
        .revoke_other_sessions(&signed_in.session, &event)
        .await?;
    // Whoever moved the epoch meanwhile has ended this session as well.
    ended.then_some(()).ok_or_else(Problem::not_authenticated)
}
