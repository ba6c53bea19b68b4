//! `POST /auth/request-login` requests a sign-in email.
//!
//! Takes `{email, next?, idempotency_key?, known?, transport?}` as JSON or a form. Responds 200
//! `{success, message}`, the same for every address and without looking it up, and gives the
//! browser a nonce in a cookie. With `transport: "bearer"` the response holds the nonce as
//! `request`. A repeat with the same idempotency key within 60 seconds sends nothing.
//!
//! A form is redirected to the page that asks to check the email. 400 `invalid-request` for an
//! invalid address or a `next` that is not on this portal, 429 `too-many-attempts`.

use serde::Deserialize;
use shared::app::App;
use shared::auth::request_email::{EmailRequest, parse_address, parse_next};
use shared::domain::email::EmailKind;
use shared::domain::next::Next;
use shared::domain::origin::Origin;
use shared::http::form_draft::FormDraft;
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};

pub const ROUTES: &[&str] = &["POST /auth/request-login"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    email: String,
    next: Option<String>,
    idempotency_key: Option<String>,
    known: Option<String>,
    #[serde(default)]
    transport: Transport,
}

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let site = &app.config.site;
    let origin = request.portal_origin(site)?;
    let input: Input = request.body(site, &origin)?;
    let page = request.form_page(&origin);
    let page = page.unwrap_or_else(|| site.login_url(&origin));
    let draft = FormDraft::of_address(&input.email).cookie(&app.config.portal, &origin);
    let next = parse_next(input.next.as_deref(), site, &origin)
        .map_err(|problem| problem.redirect_form_to(&page).with_draft(draft.clone()))?;
    request_link(app, &request, &origin, &input, next.clone())
        .await
        .map_err(|problem| {
            problem
                .redirect_form_to(&page)
                .with_next(next.as_ref())
                .with_draft(draft)
        })
}

async fn request_link(
    app: &App,
    request: &Request,
    origin: &Origin,
    input: &Input,
    next: Option<Next>,
) -> Result<Response, Problem> {
    let email = EmailRequest {
        address: parse_address(&input.email)?,
        kind: EmailKind::SignIn,
        next,
        bearer: input.transport == Transport::Bearer,
        idempotency_key: input.idempotency_key.as_deref(),
        known: input.known.as_deref(),
    };
    app.request_email(request, origin, email, |t| t.request_login_message)
        .await
}
