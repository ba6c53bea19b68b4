//! `POST /auth/logout`: ends this session.
//!
//! Answers 200 `{success: true}` and removes the cookie, also where there is no session: then
//! nothing is written. A form is led to the sign-in page.

use serde::Serialize;
use shared::app::App;
use shared::auth::authenticate;
use shared::domain::audit::{Action, Target};
use shared::domain::origin::Origin;
use shared::http::cookie::Cookie;
use shared::http::response::{self, with_cookie};
use shared::http::{Problem, Request, Response};

/// What this function answers.
pub const ROUTES: &[&str] = &["POST /auth/logout"];

#[derive(Serialize)]
struct Output {
    success: bool,
}

/// Handles the request.
///
/// # Errors
/// 403, 400, 413 and 415 for what is no request of this portal's; 503 where the session could not
/// be ended.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let site = &app.config.site;
    let origin = request.portal_origin(site)?;
    request.empty_body(site, &origin)?;
    end_session(app, &request, &origin)
        .await
        .map_err(|problem| problem.redirect_form_to(&site.login_url(&origin)))?;
    let response = if request.is_form() {
        response::see_other(&site.login_url(&origin))
    } else {
        response::json(200, &Output { success: true })
    };
    Ok(with_cookie(
        response,
        &Cookie::session(&app.config.portal, &origin).clear(),
    ))
}

async fn end_session(app: &App, request: &Request, origin: &Origin) -> Result<(), Problem> {
    let now = app.clock.now();
    let Some(shown) = authenticate::presented_token(request, &app.config.portal, origin)? else {
        return Ok(());
    };
    let ring = app.keys.ring(now).await;
    let Some(claims) = authenticate::read_claims(&ring, shown.token, now)? else {
        return Ok(());
    };
    let session = claims.id.hash();
    let event = app.audit_event(
        Action::Logout,
        &claims.user,
        Target::Session(session),
        &request.client(),
        now,
    );
    let _was_running = app
        .store
        .revoke_session(&claims.user, &session, &event)
        .await?;
    Ok(())
}
