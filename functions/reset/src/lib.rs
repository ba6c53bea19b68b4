//! `POST /auth/forgot-password` requests an email with a reset link.
//!
//! Takes `{email, next?, idempotency_key?, known?}`. Responds 200 `{success, message}`, the same
//! for every address and without looking it up; a form is redirected to the page that asks to check
//! the email. 429 `too-many-attempts`.
//!
//! `POST /auth/reset-password` sets a new password, revokes all sessions of the user and sends them
//! a notice.
//!
//! Takes `{token, password, idempotency_key?}`. Responds 200 `{success: true, next?}`; a form is
//! redirected to the sign-in page, with `next`. 400 `invalid-token`, 410 `expired-token` and
//! `used-token`, 422 `weak-password` with the reason.
//!
//! Both are 404 on a portal without passwords.

use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::auth::request_email::{EmailRequest, parse_address, parse_next};
use shared::domain::audit::{Action, Target};
use shared::domain::email::{EmailKind, Notice, OutboxEntry};
use shared::domain::link::{IdempotencyKey, Link, Purpose, RedeemContext};
use shared::domain::next::Next;
use shared::domain::origin::Origin;
use shared::domain::paths;
use shared::http::form_draft::FormDraft;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::keys::KeyRing;
use shared::store::links::{LinkCheck, PasswordReset};

pub const ROUTES: &[&str] = &["POST /auth/forgot-password", "POST /auth/reset-password"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForgotInput {
    email: String,
    next: Option<String>,
    idempotency_key: Option<String>,
    known: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResetInput {
    token: String,
    password: String,
    idempotency_key: Option<String>,
}

#[derive(Serialize)]
struct Output<'a> {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
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
    let site = &app.config.site;
    let input: ForgotInput = request.body(site, origin)?;
    let page = request.form_page(origin);
    let page = page.unwrap_or_else(|| origin.join(paths::FORGOT_PASSWORD));
    let draft = FormDraft::of_address(&input.email).cookie(&app.config.portal, origin);
    let next = parse_next(input.next.as_deref(), site, origin)
        .map_err(|problem| problem.redirect_form_to(&page).with_draft(draft.clone()))?;
    request_reset(app, request, origin, &input, next.clone())
        .await
        .map_err(|problem| {
            problem
                .redirect_form_to(&page)
                .with_next(next.as_ref())
                .with_draft(draft)
        })
}

async fn request_reset(
    app: &App,
    request: &Request,
    origin: &Origin,
    input: &ForgotInput,
    next: Option<Next>,
) -> Result<Response, Problem> {
    let email = EmailRequest {
        address: parse_address(&input.email)?,
        kind: EmailKind::Reset,
        next,
        bearer: false,
        idempotency_key: input.idempotency_key.as_deref(),
        known: input.known.as_deref(),
    };
    app.request_email(request, origin, email, |t| t.forgot_password_message)
        .await
}

async fn reset(app: &App, request: &Request, origin: &Origin) -> Result<Response, Problem> {
    let input: ResetInput = request.body(&app.config.site, origin)?;
    let form_page = paths::link_page(origin, paths::RESET_PASSWORD, &input.token);
    let ring = app.keys.ring(app.clock.now()).await;
    let link = app
        .read_link(&ring, Purpose::Reset, &input.token)
        .await
        .map_err(|problem| problem.redirect_form_to(&form_page))?
        .content;
    let next = link.next.page();
    set_password(app, request, &ring, &link, &input)
        .await
        .map_err(|problem| problem.redirect_form_to(&form_page).with_next(next))?;
    if request.is_form() {
        let sign_in_page = origin.join(paths::SIGN_IN) + "?notice=password-changed";
        return Ok(response::see_other(&Next::add_to(next, &sign_in_page)));
    }
    let output = Output {
        success: true,
        next: next.map(Next::as_str),
    };
    Ok(response::json(200, &output))
}

async fn set_password(
    app: &App,
    request: &Request,
    ring: &KeyRing,
    link: &Link,
    input: &ResetInput,
) -> Result<(), Problem> {
    let idempotency_key = IdempotencyKey::parse_optional(input.idempotency_key.as_deref())?;
    let now = app.clock.now();
    let by = RedeemContext {
        same_browser: false,
        idempotency_key: idempotency_key.as_ref().map(IdempotencyKey::hash),
    };
    // Before the password is hashed: a link that does not work costs next to nothing.
    if app.store.check_link(link, &by, now).await? == LinkCheck::Replay {
        return Ok(());
    }
    let password = app.passwords.choose(&input.password, &link.address)?;
    let hash = app.passwords.hash(&password, app.random.bytes());
    let client = request.client();
    let kind = Notice::PasswordChanged;
    let user = (&link.user, link.epoch.next());
    let notice = app.notice(ring, kind, user, &link.address, now);
    let notice = notice.map(|notice| OutboxEntry {
        client: client.clone(),
        language: request.language(app.config.language),
        ..notice
    });
    let target = Target::User(link.user.clone());
    let event = app.audit_event(Action::PasswordReset, &link.user, target, &client, now);
    let reset = PasswordReset {
        by: &by,
        password: &hash,
        notice: notice.as_ref(),
        event: &event.with_epoch(link.epoch.next()),
        link,
    };
    Ok(app.store.reset_password(&reset).await?)
}
