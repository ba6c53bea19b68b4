//! `POST /auth/request-login`: asks for a sign-in mail.
//!
//! Takes `{email, next?, transport?}` as JSON or a form. Answers 200, always the same, and leaves
//! the browser a nonce; a form is led to the page that says "check your mail". 400 for what is no
//! address or no `next` of this portal, 429 for too many. Whether the address is known, this
//! function does not even look.

use serde::Deserialize;
use shared::app::App;
use shared::auth::request_email::{EmailRequest, parse_address, parse_next};
use shared::domain::email::EmailKind;
use shared::domain::next::Next;
use shared::domain::origin::Origin;
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};

/// What this function answers.
pub const ROUTES: &[&str] = &["POST /auth/request-login"];

const ALWAYS: &str = "If this email address is registered, we'll send it a sign-in link.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    email: String,
    next: Option<String>,
    #[serde(default)]
    transport: Transport,
}

/// Handles the request.
///
/// # Errors
/// See the module.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let origin = request.portal_origin(&app.config.site)?;
    let site = &app.config.site;
    let input: Input = request.body(site, &origin)?;
    let login = site.login_url(&origin);
    let next = parse_next(input.next.as_deref(), site, &origin)
        .map_err(|problem| problem.redirect_form_to(&login))?;
    let asked = ask(app, &request, &origin, &input, next.clone()).await;
    asked.map_err(|problem| problem.redirect_form_to(&login).with_next(next.as_ref()))
}

async fn ask(
    app: &App,
    request: &Request,
    origin: &Origin,
    input: &Input,
    next: Option<Next>,
) -> Result<Response, Problem> {
    let address = parse_address(&input.email)?;
    let bearer = input.transport == Transport::Bearer;
    app.request_email(
        request,
        origin,
        EmailRequest {
            address,
            kind: EmailKind::SignIn,
            next,
            bearer,
        },
        ALWAYS,
    )
    .await
}
