//! `POST /auth/logout`: ends this session.
//!
//! Answers 200 `{success: true}` and removes the cookie, also where there is no session: then
//! nothing is written. A form is led to the sign-in page.

use serde::Serialize;
use shared::app::App;
use shared::domain::audit::Action;
use shared::domain::portal::Origin;
use shared::http::cookie::Cookie;
use shared::http::reply::{Reply, with_cookie};
use shared::http::{Problem, Request, Response};
use shared::signed_in;

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
    let own = request.own_origin(site)?;
    request.no_input(site, &own)?;
    end_session(app, &request, &own)
        .await
        .map_err(|problem| problem.on_page(&site.login_url(&own)))?;
    let response = if request.is_form() {
        Reply::see_other(&site.login_url(&own))
    } else {
        Reply::json(200, &Output { success: true })
    };
    Ok(with_cookie(
        response,
        &Cookie::session(&app.config.portal, &own).clear(),
    ))
}

async fn end_session(app: &App, request: &Request, own: &Origin) -> Result<(), Problem> {
    let now = app.clock.now();
    let Some(shown) = signed_in::token(request, &app.config.portal, own)? else {
        return Ok(());
    };
    let ring = app.keys.ring(now).await;
    let Some(claims) = signed_in::claims(&ring, shown.token, now)? else {
        return Ok(());
    };
    let session = claims.id.hash();
    let event = app.event(
        Action::Logout,
        &claims.user,
        ("session", session.to_string()),
        &request.client(),
        now,
    );
    let _was_running = app.store.end(&claims.user, &session, &event).await?;
    Ok(())
}
