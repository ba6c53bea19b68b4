//! `POST /auth/logout` revokes the session that the request presents and removes its cookie.
//!
//! Takes `{token?}`. With the token of a sign-in link it revokes the session that the link has
//! issued, in whichever browser: who holds the link reads the mailbox. The presented session stays.
//!
//! Responds 200 `{success: true}`, also without a session; then nothing is written. A form is
//! redirected to the sign-in page. 400 `invalid-token`, 503 `unavailable` where the session could
//! not be revoked.

use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::auth::authenticate;
use shared::domain::audit::{Action, Target};
use shared::domain::ids::{SessionHash, UserId};
use shared::domain::link::Purpose;
use shared::domain::origin::Origin;
use shared::domain::paths;
use shared::http::cookie::Cookie;
use shared::http::form_draft::FormDraft;
use shared::http::response::{self, with_cookie};
use shared::http::{Problem, Request, Response};

pub const ROUTES: &[&str] = &["POST /auth/logout"];

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Input {
    token: Option<String>,
}

#[derive(Serialize)]
struct Output {
    success: bool,
}

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let site = &app.config.site;
    let origin = request.portal_origin(site)?;
    let input: Input = request.body_or_default(site, &origin)?;
    let login_url = site.login_url(&origin);
    if let Some(token) = input.token {
        revoke_session_of_link(app, &request, &token)
            .await
            .map_err(|problem| problem.redirect_form_to(&login_url))?;
        let page = origin.join(paths::SIGN_IN) + "?notice=session-ended";
        return Ok(respond(&request, &page));
    }
    revoke_presented_session(app, &request, &origin)
        .await
        .map_err(|problem| problem.redirect_form_to(&login_url))?;
    let portal = &app.config.portal;
    let cookie = Cookie::session(portal, &origin);
    let response = with_cookie(respond(&request, &login_url), &cookie.clear());
    Ok(FormDraft::discard(response, &request, portal, &origin))
}

fn respond(request: &Request, page: &str) -> Response {
    if request.is_form() {
        response::see_other(page)
    } else {
        response::json(200, &Output { success: true })
    }
}

/// Revokes the session that a sign-in link has issued, if it has and the session still exists.
async fn revoke_session_of_link(app: &App, request: &Request, token: &str) -> Result<(), Problem> {
    let ring = app.keys.ring(app.clock.now()).await;
    let signed = ring.read_link(Purpose::SignIn, token)?;
    // The row of a used link outlives its session.
    let Some(link) = app.store.find_link(&signed.content).await? else {
        return Ok(());
    };
    let session = signed.key.session_id(&link.id).hash();
    revoke(app, request, &link.user, &session).await
}

/// Revokes the presented session, if there is one. Fails with 400 for a request with two sessions,
/// and with 503 where the session may be valid but cannot be revoked.
async fn revoke_presented_session(
    app: &App,
    request: &Request,
    origin: &Origin,
) -> Result<(), Problem> {
    let now = app.clock.now();
    let Some(presented) = authenticate::presented_token(request, &app.config.portal, origin)?
    else {
        return Ok(());
    };
    let ring = app.keys.ring(now).await;
    let Some(claims) = authenticate::read_claims(&ring, presented.token, now)? else {
        return Ok(());
    };
    revoke(app, request, &claims.user, &claims.id.hash()).await
}

async fn revoke(
    app: &App,
    request: &Request,
    user: &UserId,
    session: &SessionHash,
) -> Result<(), Problem> {
    let target = Target::Session(*session);
    let event = app.audit_event(
        Action::Logout,
        user,
        target,
        &request.client(),
        app.clock.now(),
    );
    let _was_valid = app.store.revoke_session(user, session, &event).await?;
    Ok(())
}
