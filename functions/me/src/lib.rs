//! `GET /auth/me` and `GET /auth/session` return the user who is signed in.
//!
//! Both respond 200 `{id, email, name, role, resources: [{type, id, name, slug}], session: {id,
//! created_at, expires_at, auth_time, amr: ["otp"]}}`. `auth_time` and `amr` (RFC 8176) tell when
//! and how the user has last signed in or confirmed it. Without a live session, `GET /auth/me` is
//! 401 `not-authenticated`, and `GET /auth/session` is 200 `null`.

use serde::Serialize;
use shared::app::App;
use shared::domain::user::Resource;
use shared::http::problem::ProblemType;
use shared::http::response;
use shared::http::session_view::SessionView;
use shared::http::{Problem, Request, Response};

pub const ROUTES: &[&str] = &["GET /auth/me", "GET /auth/session"];

#[derive(Serialize)]
struct Output<'a> {
    id: &'a str,
    email: &'a str,
    name: &'a str,
    role: &'a str,
    resources: &'a [Resource],
    session: SessionView,
}

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let user = current_user(app, &request).await;
    match request.route() {
        "GET /auth/me" => user,
        "GET /auth/session" => user.or_else(null_if_signed_out),
        _ => Err(Problem::not_found()),
    }
}

fn null_if_signed_out(problem: Problem) -> Result<Response, Problem> {
    if problem.kind == ProblemType::NotAuthenticated {
        Ok(response::json(200, &()))
    } else {
        Err(problem)
    }
}

async fn current_user(app: &App, request: &Request) -> Result<Response, Problem> {
    let origin = request.portal_origin(&app.config.site)?;
    let authenticated = app.authenticate(request, &origin).await?;
    let user = &authenticated.user;
    let session = &authenticated.session;
    let output = Output {
        id: user.id.as_str(),
        email: user.address.as_str(),
        name: &user.name,
        role: &user.role,
        resources: &user.resources,
        session: SessionView::from(session),
    };
    Ok(authenticated.respond(response::json(200, &output)))
}
