//! `POST /auth/forgot-password` asks for a link that sets another password; `POST
//! /auth/reset-password` sets it.
//!
//! The first takes `{email}` and answers 200, always the same: whether the address is known, it
//! does not look. The second takes `{token, password, attempt?}`, ends every session of the user,
//! mails her a notice and answers 200; a form is led to the sign-in page. 400 `invalid-token`, 410
//! `expired-token` and `used-token`, 422 `weak-password` with the reason.

use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::asking::{Ask, address};
use shared::begin::link_page;
use shared::domain::audit::Action;
use shared::domain::link::{Attempt, Purpose, Redeemer};
use shared::domain::mail::{Mail, Notice, Wanted};
use shared::domain::portal::Origin;
use shared::domain::user::Epoch;
use shared::http::reply::Reply;
use shared::http::{Problem, Request, Response};
use shared::store::reset_password;

/// What this function answers.
pub const ROUTES: &[&str] = &["POST /auth/forgot-password", "POST /auth/reset-password"];

const ALWAYS: &str =
    "If this email is registered, you will receive a link to set another password.";

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
    attempt: Option<String>,
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
    app.passwords.are_used()?;
    let own = request.own_origin(&app.config.site)?;
    match request.route() {
        "POST /auth/forgot-password" => forgot(app, &request, &own).await,
        _ => reset(app, &request, &own).await,
    }
}

async fn forgot(app: &App, request: &Request, own: &Origin) -> Result<Response, Problem> {
    let input: ForgotInput = request.input(&app.config.site, own)?;
    let asked = async {
        let ask = Ask {
            address: address(&input.email)?,
            wanted: Wanted::Reset,
            next: None,
            bearer: false,
        };
        app.ask(request, own, ask, ALWAYS).await
    };
    asked
        .await
        .map_err(|problem| problem.on_page(&own.join("/auth/forgot-password")))
}

async fn reset(app: &App, request: &Request, own: &Origin) -> Result<Response, Problem> {
    let site = &app.config.site;
    let input: ResetInput = request.input(site, own)?;
    let form = link_page(own, "/auth/reset-password", &input.token);
    set(app, request, &input)
        .await
        .map_err(|problem| problem.on_page(&form))?;
    if request.is_form() {
        return Ok(Reply::see_other(&format!(
            "{}?notice=password_changed",
            own.join("/auth/sign-in")
        )));
    }
    Ok(Reply::json(200, &Output { success: true }))
}

async fn set(app: &App, request: &Request, input: &ResetInput) -> Result<(), Problem> {
    let attempt =
        Attempt::optional(input.attempt.as_deref()).ok_or_else(Problem::invalid_attempt)?;
    let now = app.clock.now();
    let ring = app.keys.ring(now).await;
    let link = ring.read_link(Purpose::Reset, &input.token)?.content;
    let password = app.passwords.chosen(&input.password, &link.address)?;
    let password = app.passwords.hash(&password, app.random.bytes());
    let client = request.client();
    let resource = ("user", link.user.to_string());
    let changed = Wanted::Notice(
        Notice::PasswordChanged,
        link.user.clone(),
        Epoch(link.epoch.0 + 1),
    );
    let notice = app.mail(&ring, link.address.clone(), changed, now);
    let reset = reset_password::Reset {
        by: &Redeemer {
            asked: false,
            attempt: attempt.as_ref().map(Attempt::hash),
        },
        password: &password,
        notice: &Mail {
            client: client.clone(),
            ..notice
        },
        kept: app.config.mail.kept,
        event: &app.event(Action::PasswordReset, &link.user, resource, &client, now),
        link: &link,
    };
    Ok(app.store.reset_password(&reset).await?)
}
