//! `POST /auth/activate` sets an invited user's first password and signs them in.
//!
//! Takes `{token, password, idempotency_key?, transport?}` with the token of an activation link. A
//! repeat with the same idempotency key within 60 seconds gets the same session.
//!
//! Responds like `POST /auth/verify`; a form is redirected to `next`, in any browser, or to the
//! dashboard. 400 `invalid-token`, 410 `expired-token` and `used-token`, 422 `weak-password` with
//! the reason, 404 on a portal without passwords.

use serde::Deserialize;
use shared::app::App;
use shared::auth::issue_session::{IssuedSession, SignInContext};
use shared::domain::link::{IdempotencyKey, Link, Purpose, RedeemContext};
use shared::domain::paths;
use shared::domain::session::AuthMethod;
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};
use shared::keys::Signed;
use shared::store::links::LinkCheck;

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

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    app.passwords.require_enabled()?;
    let origin = request.portal_origin(&app.config.site)?;
    let input: Input = request.body(&app.config.site, &origin)?;
    let context = SignInContext::new(app, &request, origin).await;
    let form_page = paths::link_page(&context.origin, paths::ACTIVATE, &input.token);
    let signed = app
        .read_link(&context.ring, Purpose::Activation, &input.token)
        .await
        .map_err(|problem| problem.redirect_form_to(&form_page))?;
    let next = signed.content.next.page();
    let issued = activate(&context, &signed, &input)
        .await
        .map_err(|problem| problem.redirect_form_to(&form_page).with_next(next))?;
    context.respond(&issued, input.transport, next)
}

async fn activate(
    context: &SignInContext<'_>,
    signed: &Signed<'_, Link>,
    input: &Input,
) -> Result<IssuedSession, Problem> {
    let app = context.app;
    let idempotency_key = IdempotencyKey::parse_optional(input.idempotency_key.as_deref())?;
    let by = RedeemContext {
        same_browser: false,
        idempotency_key: idempotency_key.as_ref().map(IdempotencyKey::hash),
    };
    // Before the password is hashed: a link that does not work costs next to nothing.
    let link = &signed.content;
    if app.store.check_link(link, &by, context.now).await? == LinkCheck::Replay {
        return context.redeemed_session(signed).await;
    }
    let password = app.passwords.choose(&input.password, &link.address)?;
    let hash = app.passwords.hash(&password, app.random.bytes());
    context
        .redeem_link(signed, &by, AuthMethod::Activation, Some(&hash), &[])
        .await
}
