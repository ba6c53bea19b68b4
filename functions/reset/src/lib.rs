//! `POST /auth/forgot-password` requests an email with a reset link.
//!
//! Takes `{email}`. Responds 200 `{success, message}`, the same for every address and without
//! looking it up; a form is redirected to the page that asks to check the email. 429
//! `too-many-attempts`.
//!
//! `POST /auth/reset-password` sets a new password, revokes all sessions of the user and sends them
//! a notice.
//!
//! Takes `{token, password, idempotency_key?}`. Responds 200 `{success: true}`; a form is
//! redirected to the sign-in page. 400 `invalid-token`, 410 `expired-token` and `used-token`, 422
//! `weak-password` with the reason.
//!
//! Both are 404 on a portal without passwords.

use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::auth::request_email::{EmailRequest, parse_address};
use shared::domain::audit::{Action, Target};
use shared::domain::email::{EmailKind, Notice, OutboxEntry};
use shared::domain::link::{IdempotencyKey, Purpose, RedeemContext};
use shared::domain::origin::Origin;
use shared::domain::paths;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::store::links::PasswordReset;

pub const ROUTES: &[&str] = &["POST /auth/forgot-password", "POST /auth/reset-password"];

const MESSAGE: &str =
    "If this email address is registered, we'll send it a link to reset the password.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForgotInput {
    email: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResetInput {
    token: String,
    password: String,
    idempotency_key: Option<String>,
}

#[derive(Serialize)]
struct Output {
    success: bool,
}

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    app.passwords.require_enabled()?;
    let origin = request.portal_origin(&app.config.site)?;
    match request.route() {
        "POST /auth/forgot-password" => forgot(app, &request, &origin).await,
        "POST /auth/reset-password" => reset(app, &request, &origin).await,
        _ => Err(Problem::not_found()),
    }
}

async fn forgot(app: &App, request: &Request, origin: &Origin) -> Result<Response, Problem> {
    let input: ForgotInput = request.body(&app.config.site, origin)?;
    request_reset(app, request, origin, &input)
        .await
        .map_err(|problem| problem.redirect_form_to(&origin.join(paths::FORGOT_PASSWORD)))
}

async fn request_reset(
    app: &App,
    request: &Request,
    origin: &Origin,
    input: &ForgotInput,
) -> Result<Response, Problem> {
    let email = EmailRequest {
        address: parse_address(&input.email)?,
        kind: EmailKind::Reset,
        next: None,
        bearer: false,
    };
    app.request_email(request, origin, email, MESSAGE).await
}

async fn reset(app: &App, request: &Request, origin: &Origin) -> Result<Response, Problem> {
    let input: ResetInput = request.body(&app.config.site, origin)?;
    let form_page = paths::link_page(origin, paths::RESET_PASSWORD, &input.token);
    set_password(app, request, &input)
        .await
        .map_err(|problem| problem.redirect_form_to(&form_page))?;
    if request.is_form() {
        let sign_in_page = origin.join(paths::SIGN_IN);
        let location = format!("{sign_in_page}?notice=password_changed");
        return Ok(response::see_other(&location));
    }
    Ok(response::json(200, &Output { success: true }))
}

async fn set_password(app: &App, request: &Request, input: &ResetInput) -> Result<(), Problem> {
    let idempotency_key = IdempotencyKey::parse_optional(input.idempotency_key.as_deref())?;
    let now = app.clock.now();
    let ring = app.keys.ring(now).await;
    let link = ring.read_link(Purpose::Reset, &input.token)?.content;
    let password = app.passwords.choose(&input.password, &link.address)?;
    let hash = app.passwords.hash(&password, app.random.bytes());
    let client = request.client();
    let kind = EmailKind::Notice(
        Notice::PasswordChanged,
        link.user.clone(),
        link.epoch.next(),
    );
    let notice = OutboxEntry {
        client: client.clone(),
        ..app.outbox_entry(&ring, link.address.clone(), kind, now)
    };
    let target = Target::User(link.user.clone());
    let reset = PasswordReset {
        by: &RedeemContext {
            same_browser: false,
            idempotency_key: idempotency_key.as_ref().map(IdempotencyKey::hash),
        },
        password: &hash,
        notice: &notice,
        event: &app.audit_event(Action::PasswordReset, &link.user, target, &client, now),
        link: &link,
    };
    Ok(app.store.reset_password(&reset).await?)
}
