//! `POST /auth/request-login`: asks for a sign-in mail.
//!
//! Takes `{email, next?, transport?}` as JSON or a form. Answers 200, always the same, and leaves the browser a nonce; a
//! form is led to the page that says "check your mail". 400 for what is no address or no `next` of this portal, 429 for
//! too many. Whether the address is known, this function does not even look.

use serde::Deserialize;
use shared::app::App;
use shared::asking::{Ask, address};
use shared::domain::mail::Wanted;
use shared::domain::next::Next;
use shared::domain::portal::Origin;
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};

/// What this function answers.
pub const ROUTES: &[&str] = &["POST /auth/request-login"];

const ALWAYS: &str = "If this email is registered, you will receive a login link.";

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
    let own = request.own_origin(&app.config.site)?;
    let input = request.input(&app.config.site, &own)?;
    let asked = ask(app, &request, &own, input).await;
    asked.map_err(|problem| problem.on_page(&app.config.site.login_url(&own)))
}

async fn ask(app: &App, request: &Request, own: &Origin, input: Input) -> Result<Response, Problem> {
    let site = &app.config.site;
    let address = address(&input.email)?;
    let next = input.next.map(|next| Next::parse(&next, site.home(own), &site.allowed));
    let not_ours = || Problem::invalid_request("`next` must be a path, or a URL on an allowed origin.");
    let next = next.map(|next| next.ok_or_else(not_ours)).transpose()?;
    let bearer = input.transport == Transport::Bearer;
    app.ask(request, own, Ask { address, wanted: Wanted::SignIn, next, bearer }, ALWAYS).await
}
