//! `GET /auth/me` returns the user who is signed in.
//!
//! Responds 200 `{id, email, name, role, resources: [{type, id, name, slug}], session: {id,
//! created_at, expires_at, auth_time, amr: ["otp"]}}`, or 401 `not-authenticated`. `auth_time` and
//! `amr` (RFC 8176) tell when and how the user has last signed in or confirmed it.

use serde::Serialize;
use shared::app::App;
use shared::domain::user::Resource;
use shared::http::response;
use shared::http::session_view::SessionView;
use shared::http::{Problem, Request, Response};

pub const ROUTES: &[&str] = &["GET /auth/me"];

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
    let origin = request.portal_origin(&app.config.site)?;
    let authenticated = app.authenticate(&request, &origin).await?;
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
