//! `POST /auth/activate`: an invited user sets her first password, and is signed in.
//!
//! Takes `{token, password, attempt?, transport?}`, the token being that of an invitation's link; a
//! random `attempt` lets whoever lost the answer ask again within a minute. Answers as `POST
//! /auth/verify` does; a form is led to the dashboard. 400 `invalid-token`, 410 `expired-token` and
//! `used-token`, 422 `weak-password` with the reason.

use serde::Deserialize;
use shared::app::App;
use shared::auth::issue_session::{IssuedSession, SignInContext};
use shared::domain::audit::Action;
use shared::domain::link::{IdempotencyKey, Purpose, RedeemContext};
use shared::domain::paths;
use shared::domain::session::AuthMethod;
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};
use shared::store::links::{Redeem, UserTransition};

/// What this function answers.
pub const ROUTES: &[&str] = &["POST /auth/activate"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    token: String,
    password: String,
    idempotency_key: Option<String>,
    #[serde(default)]
    transport: Transport,
}

/// Handles the request.
///
/// # Errors
/// See the module.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    app.passwords.require_enabled()?;
    let origin = request.portal_origin(&app.config.site)?;
    let input: Input = request.body(&app.config.site, &origin)?;
    let visit = SignInContext::new(app, &request, origin).await;
    let transport = input.transport;
    let (page, form) = (
        app.config.site.dashboard_url(&visit.origin),
        paths::link_page(&visit.origin, paths::ACTIVATE, &input.token),
    );
    let begun = redeem(&visit, input)
        .await
        .map_err(|problem| problem.redirect_form_to(&form))?;
    visit.respond(&begun, transport, &page)
}

async fn redeem(visit: &SignInContext<'_>, input: Input) -> Result<IssuedSession, Problem> {
    let app = visit.app;
    let idempotency_key = IdempotencyKey::parse_optional(input.idempotency_key.as_deref())?;
    let signed = visit.ring.read_link(Purpose::Activation, &input.token)?;
    let link = signed.content;
    let password = app.passwords.choose(&input.password, &link.address)?;
    let password = app.passwords.hash(&password, app.random.bytes());
    let id = signed.key.session_id(&link.id);
    let session = visit.new_session(&id, &link.user, link.epoch, AuthMethod::Activation);
    let replaced = visit.replaced_session(&session)?;
    let redeem = Redeem {
        link: &link,
        by: &RedeemContext {
            same_browser: false,
            idempotency_key: idempotency_key.as_ref().map(IdempotencyKey::hash),
        },
        session: &session,
        replaces: replaced.as_ref(),
        event: &visit.login_event(Action::Activated, &session, replaced.as_ref()),
        user: UserTransition::ActivateWithPassword(&password),
    };
    let session = app.store.redeem(&redeem).await?;
    Ok(IssuedSession {
        session,
        id,
        address: link.address,
    })
}
