//! `POST /auth/forgot-password` asks for a link that sets another password; `POST
//! /auth/reset-password` sets it.
//!
//! The first takes `{email}` and answers 200, always the same: whether the address is known, it
//! does not look. The second takes `{token, password, attempt?}`, ends every session of the user,
//! mails her a notice and answers 200; a form is led to the sign-in page. 400 `invalid-token`, 410
//! `expired-token` and `used-token`, 422 `weak-password` with the reason.

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

/// What this function answers.
pub const ROUTES: &[&str] = &["POST /auth/forgot-password", "POST /auth/reset-password"];

const ALWAYS: &str =
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

/// Handles the request.
///
/// # Errors
/// See the module.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    app.passwords.require_enabled()?;
    let origin = request.portal_origin(&app.config.site)?;
    match request.route() {
        "POST /auth/forgot-password" => forgot(app, &request, &origin).await,
        _ => reset(app, &request, &origin).await,
    }
}

async fn forgot(app: &App, request: &Request, origin: &Origin) -> Result<Response, Problem> {
    let input: ForgotInput = request.body(&app.config.site, origin)?;
    let asked = async {
        let ask = EmailRequest {
            address: parse_address(&input.email)?,
            kind: EmailKind::Reset,
            next: None,
            bearer: false,
        };
        app.request_email(request, origin, ask, ALWAYS).await
    };
    asked
        .await
        .map_err(|problem| problem.redirect_form_to(&origin.join(paths::FORGOT_PASSWORD)))
}

async fn reset(app: &App, request: &Request, origin: &Origin) -> Result<Response, Problem> {
    let site = &app.config.site;
    let input: ResetInput = request.body(site, origin)?;
    let form = paths::link_page(origin, paths::RESET_PASSWORD, &input.token);
    set(app, request, &input)
        .await
        .map_err(|problem| problem.redirect_form_to(&form))?;
    if request.is_form() {
        return Ok(response::see_other(&format!(
            "{}?notice=password_changed",
            origin.join(paths::SIGN_IN)
        )));
    }
    Ok(response::json(200, &Output { success: true }))
}

async fn set(app: &App, request: &Request, input: &ResetInput) -> Result<(), Problem> {
    let idempotency_key = IdempotencyKey::parse_optional(input.idempotency_key.as_deref())?;
    let now = app.clock.now();
    let ring = app.keys.ring(now).await;
    let link = ring.read_link(Purpose::Reset, &input.token)?.content;
    let password = app.passwords.choose(&input.password, &link.address)?;
    let password = app.passwords.hash(&password, app.random.bytes());
    let client = request.client();
    let resource = Target::User(link.user.clone());
    let changed = EmailKind::Notice(
        Notice::PasswordChanged,
        link.user.clone(),
        link.epoch.next(),
    );
    let notice = app.outbox_entry(&ring, link.address.clone(), changed, now);
    let reset = PasswordReset {
        by: &RedeemContext {
            same_browser: false,
            idempotency_key: idempotency_key.as_ref().map(IdempotencyKey::hash),
        },
        password: &password,
        notice: &OutboxEntry {
            client: client.clone(),
            ..notice
        },
        event: &app.audit_event(Action::PasswordReset, &link.user, resource, &client, now),
        link: &link,
    };
    Ok(app.store.reset_password(&reset).await?)
}
