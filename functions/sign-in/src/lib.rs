//! `POST /auth/sign-in`: a session for an address and its password.
//!
//! Takes `{email, password, next?, transport?}`. Answers as `POST /auth/verify` does; a form is led
//! to `next` or the dashboard. 401 `invalid-credentials` for every reason not to sign somebody in,
//! after the same calls and the same computations; 429 for too many attempts, before anything is
//! computed.

use serde::Deserialize;
use shared::app::App;
use shared::asking::{address, next};
use shared::begin::{Begun, Visit};
use shared::domain::address::EmailAddress;
use shared::domain::audit::Action;
use shared::domain::hashing::{PasswordHash, Verdict};
use shared::domain::password::Password;
use shared::domain::session::{Began, SessionId};
use shared::domain::throttle::{Scope, Throttle, Window};
use shared::domain::user::User;
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};
use shared::store::sign_in::{Counts, Known, Refused, Right};
use std::time::Duration;

/// What this function answers.
pub const ROUTES: &[&str] = &["POST /auth/sign-in"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    email: String,
    password: String,
    next: Option<String>,
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
    let (site, login) = (&app.config.site, app.config.site.login_url(&visit.own));
    let next =
        next(input.next.as_deref(), site, &visit.own).map_err(|problem| problem.on_page(&login))?;
    let signed_in = sign_in(&visit, &input).await;
    let begun = signed_in.map_err(|problem| problem.on_page(&login).keeping(next.as_ref()))?;
    let page = next.map_or_else(
        || site.dashboard_url(&visit.own),
        |next| next.as_str().to_owned(),
    );
    visit.hand_over(&begun, input.transport, &page)
}

async fn sign_in(visit: &Visit<'_>, input: &Input) -> Result<Begun, Problem> {
    let app = visit.app;
    let address = address(&input.email)?;
    let password = Password::typed(&input.password);
    let password = password
        .ok_or_else(|| Problem::invalid_request("`password` must have 1 to 256 characters."))?;

    let throttles = throttles(visit, &address);
    let [attempts, in_a_row, network] = &throttles;
    let counts = Counts {
        attempts,
        in_a_row,
        network,
    };
    let known = app
        .store
        .attempt(&address, &counts, visit.now)
        .await
        .map_err(|refused| match refused {
            Refused::TooMany(until) => Problem::too_many_attempts(visit.now, until),
            Refused::Unavailable => Problem::unavailable(),
        })?;
    let verdict = app.passwords.verify(&password, known.password());
    match (verdict, known.active_user(), known.password()) {
        (Verdict::Right | Verdict::RightButOutdated, Some(user), Some(verified))
            if !known.capped =>
        {
            begin(visit, user, verified, (verdict, &password)).await
        }
        _ => wrong(visit, &address, &known, &counts).await,
    }
}

async fn begin(
    visit: &Visit<'_>,
    user: &User,
    verified: &PasswordHash,
    (verdict, typed): (Verdict, &Password),
) -> Result<Begun, Problem> {
    let id = SessionId::new(visit.app.random.bytes());
    let session = visit.new_session(&id, &user.id, user.epoch, Began::Password);
    let replaced = visit.replaced(&session)?;
    let renewed = (verdict == Verdict::RightButOutdated)
        .then(|| visit.app.passwords.hash(typed, visit.app.random.bytes()));
    let right = Right {
        user,
        verified,
        password: renewed.as_ref().unwrap_or(verified),
        session: &session,
        replaces: replaced.as_ref(),
        event: &visit.login(Action::Login, &session, replaced.as_ref()),
    };
    // A reset, a suspension or another address that landed meanwhile wins.
    let signed_in = visit.app.store.right(&right).await?;
    signed_in
        .then(|| Begun {
            session,
            id,
            address: user.address.clone(),
        })
        .ok_or_else(Problem::invalid_credentials)
}

/// Writes it down for every address alike, then says no.
async fn wrong<T>(
    visit: &Visit<'_>,
    address: &EmailAddress,
    known: &Known,
    counts: &Counts<'_>,
) -> Result<T, Problem> {
    let to = visit.ring.mailbox(address);
    let event = visit.app.event(
        Action::LoginFailed,
        to,
        ("address", to.to_string()),
        &visit.request.client(),
        visit.now,
    );
    visit.app.store.wrong(known, counts, &event).await?;
    Err(Problem::invalid_credentials())
}

/// Attempts at the address, wrong ones in a row at it, and wrong ones from the network.
fn throttles(visit: &Visit<'_>, address: &EmailAddress) -> [Throttle; 3] {
    let limits = &visit.app.config.passwords;
    let address = visit.ring.pepper(&["password", address.as_str()]);
    let network = visit
        .ring
        .pepper(&["network", &visit.request.client().network()]);
    let (quarter, hour) = (
        Window::Aligned(Duration::from_secs(900)),
        Window::Aligned(Duration::from_secs(3600)),
    );
    [
        (Scope::Password, address, quarter, limits.attempts),
        (
            Scope::PasswordInARow,
            address,
            Window::Until(visit.now),
            limits.failures,
        ),
        (
            Scope::PasswordNetwork,
            network,
            hour,
            limits.per_network_hour,
        ),
    ]
    .map(|(scope, key, window, limit)| Throttle {
        scope,
        key,
        window,
        limit,
    })
}
