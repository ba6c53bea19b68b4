//! A user's own sessions.
//!
//! `GET /auth/sessions` lists the valid ones, newest first. Responds 200 `[{id, created_at,
//! last_seen_at, expires_at, client, ip, auth_method, current}]`.
//!
//! `DELETE /auth/sessions/{id}` revokes one session. Responds 204, or 404 for one that is not the
//! user's or has ended.
//!
//! `DELETE /auth/sessions` revokes all sessions but this one, with one write. Responds 204.
//!
//! `POST /auth/end-session` does either for a form, which cannot send `DELETE`. Takes `{id}` to
//! revoke that session, or `{}` to revoke all but this one. Responds as `DELETE` does; a form is
//! redirected to the account page.
//!
//! All are 401 `not-authenticated` without a session.

use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::auth::authenticate::Authenticated;
use shared::domain::audit::{Action, Target};
use shared::domain::ids::{SessionHash, UserId};
use shared::domain::language::Language;
use shared::domain::origin::Origin;
use shared::domain::paths;
use shared::domain::session::Session;
use shared::http::problem::ProblemType;
use shared::http::response;
use shared::http::{Problem, Request, Response};

pub const ROUTES: &[&str] = &[LIST, REVOKE, REVOKE_OTHERS, END];

const LIST: &str = "GET /auth/sessions";
const REVOKE: &str = "DELETE /auth/sessions/{id}";
const REVOKE_OTHERS: &str = "DELETE /auth/sessions";
const END: &str = "POST /auth/end-session";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndInput {
    id: Option<String>,
}

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

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let origin = request.portal_origin(&app.config.site)?;
    match request.route() {
        LIST => list(app, &request, &origin).await,
        REVOKE => {
            request.empty_body(&app.config.site, &origin)?;
            revoke(app, &request, &origin, request.path_parameter("id")).await
        }
        REVOKE_OTHERS => {
            request.empty_body(&app.config.site, &origin)?;
            revoke_others(app, &request, &origin).await
        }
        END => end(app, &request, &origin).await,
        _ => Err(Problem::not_found()),
    }
}

async fn list(app: &App, request: &Request, origin: &Origin) -> Result<Response, Problem> {
    let list_sessions = async |user: &UserId| app.store.list_sessions(user).await;
    let (authenticated, mut sessions) = app
        .authenticate_with(request, origin, list_sessions)
        .await?;
    let now = app.clock.now();
    let rules = &app.config.sessions;
    sessions.retain(|session| {
        session.is_live(&authenticated.user, now) && !rules.is_idle(session, now)
    });
    sessions.sort_by_key(|session| std::cmp::Reverse(session.created_at));
    let language = request.language(app.config.language);
    let output: Vec<_> = sessions
        .iter()
        .map(|session| session_output(session, &authenticated.session.hash, language))
        .collect();
    Ok(authenticated.respond(response::json(200, &output)))
}

fn session_output(session: &Session, current: &SessionHash, language: Language) -> Output {
    Output {
        id: session.hash.to_string(),
        created_at: session.created_at.rfc3339(),
        last_seen_at: session.last_seen_at.rfc3339(),
        expires_at: session.expires_at.rfc3339(),
        client: language.client(&session.client),
        ip: session.client.ip.clone(),
        auth_method: session.auth_method.as_str(),
        current: session.hash == *current,
    }
}

/// Authenticates a request that ends other sessions. With `CONFIRM_MINUTES`, the session alone is
/// not enough.
async fn authenticate_recent(
    app: &App,
    request: &Request,
    origin: &Origin,
) -> Result<Authenticated, Problem> {
    let authenticated = app.authenticate(request, origin).await?;
    if let Some(max_age) = app.config.sessions.confirm_within {
        authenticated.require_recent(max_age, app.clock.now())?;
    }
    Ok(authenticated)
}

async fn end(app: &App, request: &Request, origin: &Origin) -> Result<Response, Problem> {
    let input: EndInput = request.body(&app.config.site, origin)?;
    let (ended, notice) = match &input.id {
        Some(id) => (revoke(app, request, origin, id).await, "session-ended"),
        None => (revoke_others(app, request, origin).await, "sessions-ended"),
    };
    match ended {
        Ok(_) if request.is_form() => {
            let page = format!("{}?notice={notice}", paths::ACCOUNT);
            Ok(response::see_other(&origin.join(&page)))
        }
        Ok(response) => Ok(response),
        Err(problem) => app.fail_form(request, origin, paths::ACCOUNT, problem),
    }
}

async fn revoke(
    app: &App,
    request: &Request,
    origin: &Origin,
    id: &str,
) -> Result<Response, Problem> {
    let authenticated = authenticate_recent(app, request, origin).await?;
    let session = SessionHash::parse(id).ok_or_else(no_such_session)?;
    let user = &authenticated.user.id;
    let event = app.audit_event(
        Action::SessionRevoked,
        user,
        Target::Session(session),
        &request.client(),
        app.clock.now(),
    );
    if app.store.revoke_session(user, &session, &event).await? {
        Ok(response::no_content())
    } else {
        Err(no_such_session())
    }
}

async fn revoke_others(app: &App, request: &Request, origin: &Origin) -> Result<Response, Problem> {
    let Authenticated { user, session, .. } = authenticate_recent(app, request, origin).await?;
    let event = app.audit_event(
        Action::SessionsRevoked,
        &user.id,
        Target::Session(session.hash),
        &request.client(),
        app.clock.now(),
    );
    let event = event.with_epoch(session.epoch.next());
    if app.store.revoke_other_sessions(&session, &event).await? {
        Ok(response::no_content())
    } else {
        // The epoch has moved in the meantime. Where this session still lives, a repeat of this
        // request has moved it, and has ended the others.
        app.authenticate(request, origin).await?;
        Ok(response::no_content())
    }
}

fn no_such_session() -> Problem {
    Problem::new(ProblemType::NotFound, |t| t.no_such_session)
}
