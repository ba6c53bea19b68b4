//! `POST /auth/request-login`: asks for a sign-in mail.
//!
//! Takes `{email, next?, transport?}` as JSON or a form. Answers 200, always the same, and leaves the browser a nonce; a
//! form is led to the page that says "check your mail". 400 for what is no address or no `next` of this portal, 429 for
//! too many. Whether the address is known, this function does not even look.

use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::config::Asking;
use shared::domain::address::EmailAddress;
use shared::domain::ids::RecordId;
use shared::domain::link::{Nonce, REPEAT_WITHIN};
use shared::domain::mail::{Mail, MailKey, State};
use shared::domain::next::Next;
use shared::domain::portal::Origin;
use shared::domain::throttle::{Scope, Throttle, Window};
use shared::http::cookie::{self, Cookie};
use shared::http::reply::{Reply, with_cookie};
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};
use shared::keys::Ring;
use shared::store::ask::Refused;
use std::time::Duration;

/// What this function answers.
pub const ROUTES: &[&str] = &["POST /auth/request-login"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    email: String,
    next: Option<String>,
    #[serde(default)]
    transport: Transport,
}

#[derive(Serialize)]
struct Output {
    success: bool,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
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
    let address =
        EmailAddress::parse(&input.email).ok_or_else(|| Problem::invalid_request("This is no mail address."))?;
    let next = input.next.map(|next| Next::parse(&next, site.home(own), &site.allowed));
    let not_ours = || Problem::invalid_request("`next` must be a path, or a URL on an allowed origin.");
    let next = next.map(|next| next.ok_or_else(not_ours)).transpose()?;
    let asks = Cookie::ask(&app.config.portal, own);
    let older = cookie::nonces(request.cookie(asks.name())?.unwrap_or_default());

    let now = app.clock.now();
    let ring = app.keys.ring(now).await;
    let older = ring.minted(older);
    let nonce = ring.signing(now).ok_or_else(Problem::unavailable)?.mint_nonce(app.random.bytes());
    let client = request.client();
    let throttles = throttles(&ring, &app.config.asking, &address, &client.network());
    let mail = Mail {
        key: MailKey { to: ring.pepper(&["mail", address.as_str()]), id: RecordId::new(now, app.random.bytes()) },
        address,
        link: nonce.link(),
        next,
        client,
        asked_at: now,
        state: State::Queued,
    };
    app.store.ask(&mail, &throttles, app.config.mail.kept).await.map_err(|refused| match refused {
        Refused::TooMany(until) => Problem::too_many_attempts(now, until),
        Refused::Unavailable => Problem::unavailable(),
    })?;

    if request.is_form() {
        let page = Reply::see_other(&own.join("/auth/check-mail"));
        return Ok(with_cookie(page, &keep(app, &asks, &nonce, &older)));
    }
    let bearer = input.transport == Transport::Bearer;
    let output = Output {
        success: true,
        message: "If this email is registered, you will receive a login link.",
        request: bearer.then(|| nonce.expose()),
    };
    let response = Reply::json(200, &output);
    Ok(if bearer { response } else { with_cookie(response, &keep(app, &asks, &nonce, &older)) })
}

fn keep(app: &App, asks: &Cookie, nonce: &Nonce, older: &[Nonce]) -> String {
    asks.set(&cookie::with_nonce(nonce, older), app.config.links.lifetime + REPEAT_WITHIN)
}

fn throttles(ring: &Ring, limits: &Asking, address: &EmailAddress, network: &str) -> [Throttle; 3] {
    let both = ring.pepper(&["ask", address.as_str(), network]);
    let network = ring.pepper(&["network", network]);
    let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
    [
        (Scope::AskMinute, both, minute, limits.per_minute),
        (Scope::AskHour, both, hour, limits.per_hour),
        (Scope::AskNetwork, network, hour, limits.per_network_hour),
    ]
    .map(|(scope, key, length, limit)| Throttle { scope, key, window: Window::Aligned(length), limit })
}
