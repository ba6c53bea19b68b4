//! `POST /auth/logout` revokes the session that the request presents and removes its cookie.
//!
//! Responds 200 `{success: true}`, also without a session; then nothing is written. A form is
//! redirected to the sign-in page. 503 `unavailable` where the session could not be revoked.

use serde::Serialize;
use shared::app::App;
use shared::auth::authenticate;
use shared::domain::audit::{Action, Target};
use shared::domain::origin::Origin;
use shared::http::cookie::Cookie;
use shared::http::response::{self, with_cookie};
use shared::http::{Problem, Request, Response};

pub const ROUTES: &[&str] = &["POST /auth/logout"];

#[derive(Serialize)]
struct Output {
    success: bool,
}

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let site = &app.config.site;
    let origin = request.portal_origin(site)?;
    request.empty_body(site, &origin)?;
    let login_url = site.login_url(&origin);
    revoke_session(app, &request, &origin)
        .await
        .map_err(|problem| problem.redirect_form_to(&login_url))?;
    let response = if request.is_form() {
        response::see_other(&login_url)
    } else {
        response::json(200, &Output { success: true })
    };
    let cookie = Cookie::session(&app.config.portal, &origin);
    Ok(with_cookie(response, &cookie.clear()))
}

/// Revokes the presented session, if there is one. Fails with 400 for a request with two sessions,
/// and with 503 where the session may be valid but cannot be revoked.
async fn revoke_session(app: &App, request: &Request, origin: &Origin) -> Result<(), Problem> {
    let now = app.clock.now();
    let Some(presented) = authenticate::presented_token(request, &app.config.portal, origin)?
    else {
        return Ok(());
    };
    let ring = app.keys.ring(now).await;
    let Some(claims) = authenticate::read_claims(&ring, presented.token, now)? else {
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
    let _was_valid = app
        .store
        .revoke_session(&claims.user, &session, &event)
        .await?;
    Ok(())
}
