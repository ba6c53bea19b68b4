//! `GET /auth/me`: who is signed in.
//!
//! Answers `{id, email, name, role, resources: [{type, id, name, slug}], session: {id, created_at,
//! expires_at}}`, or 401.

use serde::Serialize;
use shared::app::App;
use shared::domain::user::Resource;
use shared::http::response::{self, with_cookie};
use shared::http::{Problem, Request, Response};

/// What this function answers.
pub const ROUTES: &[&str] = &["GET /auth/me"];

#[derive(Serialize)]
struct Output<'a> {
    id: &'a str,
    email: &'a str,
    name: &'a str,
    role: &'a str,
    resources: &'a [Resource],
    session: SessionOutput,
}

#[derive(Serialize)]
struct SessionOutput {
    id: String,
    created_at: String,
    expires_at: String,
}

/// Handles the request.
///
/// # Errors
/// See the module.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let origin = request.portal_origin(&app.config.site)?;
    let signed_in = app.authenticate(&request, &origin).await?;
    let (user, session) = (&signed_in.user, &signed_in.session);
    let output = Output {
        id: user.id.as_str(),
        email: user.address.as_str(),
        name: &user.name,
        role: &user.role,
        resources: &user.resources,
        session: SessionOutput {
            id: session.hash.to_string(),
            created_at: session.created_at.rfc3339(),
            expires_at: session.expires_at.rfc3339(),
        },
    };
    let response = response::json(200, &output);
    Ok(match &signed_in.renewed_cookie {
        Some(cookie) => with_cookie(response, cookie),
        None => response,
    })
}
