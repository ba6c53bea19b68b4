//! `POST /auth/activate`: an invited user sets her first password, and is signed in.
//!
//! Takes `{token, password, attempt?, transport?}`, the token being that of an invitation's link; a
//! random `attempt` lets whoever lost the answer ask again within a minute. Answers as `POST
//! /auth/verify` does; a form is led to the dashboard. 400 `invalid-token`, 410 `expired-token` and
//! `used-token`, 422 `weak-password` with the reason.

use serde::Deserialize;
use shared::app::App;
use shared::begin::{Begun, Visit, link_page};
use shared::domain::audit::Action;
use shared::domain::link::{Attempt, Purpose, Redeemer};
use shared::domain::session::Began;
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};
use shared::store::redeem::{Becomes, Redeem};

/// What this function answers.
pub const ROUTES: &[&str] = &["POST /auth/activate"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    token: String,
    password: String,
    attempt: Option<String>,
    #[serde(default)]
    transport: Transport,
}

/// Handles the request.
///
/// # Errors
/// See the module.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    app.passwords.are_used()?;
    let own = request.own_origin(&app.config.site)?;
    let input: Input = request.input(&app.config.site, &own)?;
    let visit = Visit::of(app, &request, own).await;
    let transport = input.transport;
    let (page, form) = (
        app.config.site.dashboard_url(&visit.own),
        link_page(&visit.own, "/auth/activate", &input.token),
    );
    let begun = redeem(&visit, input)
        .await
        .map_err(|problem| problem.on_page(&form))?;
    visit.hand_over(&begun, transport, &page)
}

async fn redeem(visit: &Visit<'_>, input: Input) -> Result<Begun, Problem> {
    let app = visit.app;
    let attempt =
        Attempt::optional(input.attempt.as_deref()).ok_or_else(Problem::invalid_attempt)?;
    let signed = visit.ring.read_link(Purpose::Activation, &input.token)?;
    let link = signed.content;
    let password = app.passwords.chosen(&input.password, &link.address)?;
    let password = app.passwords.hash(&password, app.random.bytes());
    let id = signed.key.session_id(&link.id);
    let session = visit.new_session(&id, &link.user, link.epoch, Began::Activation);
    let replaced = visit.replaced(&session)?;
    let redeem = Redeem {
        link: &link,
        by: &Redeemer {
            asked: false,
            attempt: attempt.as_ref().map(Attempt::hash),
        },
        session: &session,
        replaces: replaced.as_ref(),
        event: &visit.login(Action::Activated, &session, replaced.as_ref()),
        user: Becomes::Activated(&password),
    };
    let session = app.store.redeem(&redeem).await?;
    Ok(Begun {
        session,
        id,
        address: link.address,
    })
}
