//! `POST /auth/sign-in`: a session for an address and its password.
//!
//! Takes `{email, password, next?, transport?}`. Answers as `POST /auth/verify` does; a form is led
//! to `next` or the dashboard. 401 `invalid-credentials` for every reason not to sign somebody in,
//! after the same calls and the same computations; 429 for too many attempts, before anything is
//! computed.

use serde::Deserialize;
use shared::app::App;
use shared::auth::issue_session::{IssuedSession, SignInContext};
use shared::auth::request_email::{parse_address, parse_next};
use shared::domain::address::EmailAddress;
use shared::domain::audit::{Action, Target};
use shared::domain::password::Password;
use shared::domain::password::hash::{PasswordCheck, PasswordHash};
use shared::domain::rate_limit::{RateLimit, RateLimitScope, Window};
use shared::domain::session::{AuthMethod, SessionId};
use shared::domain::user::User;
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};
use shared::store::sign_in::{PasswordAttempt, PasswordLimits, PasswordSignIn};
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
    app.passwords.require_enabled()?;
    let origin = request.portal_origin(&app.config.site)?;
    let input: Input = request.body(&app.config.site, &origin)?;
    let visit = SignInContext::new(app, &request, origin).await;
    let (site, login) = (&app.config.site, app.config.site.login_url(&visit.origin));
    let next = parse_next(input.next.as_deref(), site, &visit.origin)
        .map_err(|problem| problem.redirect_form_to(&login))?;
    let signed_in = sign_in(&visit, &input).await;
    let begun =
        signed_in.map_err(|problem| problem.redirect_form_to(&login).with_next(next.as_ref()))?;
    let page = site.landing_url(next.as_ref(), &visit.origin);
    visit.respond(&begun, input.transport, &page)
}

async fn sign_in(visit: &SignInContext<'_>, input: &Input) -> Result<IssuedSession, Problem> {
    let app = visit.app;
    let address = parse_address(&input.email)?;
    let password = Password::parse(&input.password);
    let password = password
        .ok_or_else(|| Problem::invalid_request("`password` must be 1 to 256 characters."))?;

    let throttles = throttles(visit, &address);
    let [attempts, consecutive_failures, network] = &throttles;
    let counts = PasswordLimits {
        attempts,
        consecutive_failures,
        network,
    };
    let known = app
        .store
        .begin_password_attempt(&address, &counts, visit.now)
        .await?;
    let verdict = app.passwords.verify(&password, known.password());
    match (verdict, known.active_user(), known.password()) {
        (PasswordCheck::Match | PasswordCheck::MatchNeedsRehash, Some(user), Some(verified))
            if !known.capped =>
        {
            begin(visit, user, verified, (verdict, &password)).await
        }
        _ => wrong(visit, &address, &known, &counts).await,
    }
}

async fn begin(
    visit: &SignInContext<'_>,
    user: &User,
    verified: &PasswordHash,
    (verdict, typed): (PasswordCheck, &Password),
) -> Result<IssuedSession, Problem> {
    let id = SessionId::new(visit.app.random.bytes());
    let session = visit.new_session(&id, &user.id, user.epoch, AuthMethod::Password);
    let replaced = visit.replaced_session(&session)?;
    let renewed = (verdict == PasswordCheck::MatchNeedsRehash)
        .then(|| visit.app.passwords.hash(typed, visit.app.random.bytes()));
    let right = PasswordSignIn {
        user,
        verified,
        password: renewed.as_ref().unwrap_or(verified),
        session: &session,
        replaces: replaced.as_ref(),
        event: &visit.login_event(Action::Login, &session, replaced.as_ref()),
    };
    // A reset, a suspension or another address that landed meanwhile wins.
    let signed_in = visit.app.store.complete_sign_in(&right).await?;
    signed_in
        .then(|| IssuedSession {
            session,
            id,
            address: user.address.clone(),
        })
        .ok_or_else(Problem::invalid_credentials)
}

/// Writes it down for every address alike, then says no.
async fn wrong<T>(
    visit: &SignInContext<'_>,
    address: &EmailAddress,
    known: &PasswordAttempt,
    counts: &PasswordLimits<'_>,
) -> Result<T, Problem> {
    let to = visit.ring.address_hash(address);
    let event = visit.app.audit_event(
        Action::LoginFailed,
        to,
        Target::Address(to),
        &visit.request.client(),
        visit.now,
    );
    visit
        .app
        .store
        .record_failed_sign_in(known, counts, &event)
        .await?;
    Err(Problem::invalid_credentials())
}

/// Attempts at the address, wrong ones in a row at it, and wrong ones from the network.
fn throttles(visit: &SignInContext<'_>, address: &EmailAddress) -> [RateLimit; 3] {
    let limits = &visit.app.config.passwords;
    let address = visit.ring.keyed_hash(&["password", address.as_str()]);
    let network = visit
        .ring
        .keyed_hash(&["network", &visit.request.client().network()]);
    let (quarter, hour) = (
        Window::Aligned(Duration::from_secs(900)),
        Window::Aligned(Duration::from_secs(3600)),
    );
    [
        (RateLimitScope::Password, address, quarter, limits.attempts),
        (
            RateLimitScope::ConsecutiveFailures,
            address,
            Window::Until(visit.now),
            limits.failures,
        ),
        (
            RateLimitScope::PasswordNetwork,
            network,
            hour,
            limits.per_network_hour,
        ),
    ]
    .map(|(scope, key, window, limit)| RateLimit {
        scope,
        key,
        window,
        limit,
    })
}
