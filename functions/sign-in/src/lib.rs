//! `POST /auth/sign-in` exchanges an address and a password for a session.
//!
//! Takes `{email, password, next?, transport?}`. Responds like `POST /auth/verify`; a form is
//! redirected to `next` or the dashboard. 401 `invalid-credentials` for every reason not to sign
//! somebody in, after the same calls and the same computations. 429 `too-many-attempts` before
//! anything is computed. 404 on a portal without passwords.

mod limits;

use limits::Limits;
use serde::Deserialize;
use shared::app::App;
use shared::auth::issue_session::{IssuedSession, SignInContext};
use shared::auth::request_email::{parse_address, parse_next};
use shared::domain::address::EmailAddress;
use shared::domain::audit::{Action, Target};
use shared::domain::password::Password;
use shared::domain::password::hash::{PasswordCheck, PasswordHash};
use shared::domain::session::{AuthMethod, SessionId};
use shared::domain::user::User;
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};
use shared::store::sign_in::{PasswordAttempt, PasswordSignIn};

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

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    app.passwords.require_enabled()?;
    let site = &app.config.site;
    let origin = request.portal_origin(site)?;
    let input: Input = request.body(site, &origin)?;
    let context = SignInContext::new(app, &request, origin).await;
    let login_url = site.login_url(&context.origin);
    let next = parse_next(input.next.as_deref(), site, &context.origin)
        .map_err(|problem| problem.redirect_form_to(&login_url))?;
    let issued = sign_in(&context, &input).await.map_err(|problem| {
        problem
            .redirect_form_to(&login_url)
            .with_next(next.as_ref())
    })?;
    context.respond(&issued, input.transport, next.as_ref())
}

async fn sign_in(context: &SignInContext<'_>, input: &Input) -> Result<IssuedSession, Problem> {
    let app = context.app;
    let address = parse_address(&input.email)?;
    let password = Password::parse(&input.password)
        .ok_or_else(|| Problem::invalid_request("`password` must be 1 to 256 characters."))?;

    let limits = Limits::new(context, &address);
    let attempt = app
        .store
        .begin_password_attempt(&address, &limits.as_ref(), context.now)
        .await?;
    let check = app.passwords.verify(&password, attempt.password());
    let is_right = check != PasswordCheck::NoMatch && !attempt.capped;
    let (true, Some(user), Some(stored)) = (is_right, attempt.active_user(), attempt.password())
    else {
        return Err(record_failure(context, &address, &attempt, &limits).await);
    };
    if check == PasswordCheck::MatchNeedsRehash {
        let rehashed = app.passwords.hash(&password, app.random.bytes());
        issue_session(context, user, stored, &rehashed).await
    } else {
        issue_session(context, user, stored, stored).await
    }
}

/// Issues a session to `user`, if their password's hash is still the `verified` one, and replaces
/// it by `new`. A reset, a suspension or a new address that was stored in the meantime wins.
async fn issue_session(
    context: &SignInContext<'_>,
    user: &User,
    verified: &PasswordHash,
    new: &PasswordHash,
) -> Result<IssuedSession, Problem> {
    let id = SessionId::new(context.app.random.bytes());
    let session = context.new_session(&id, &user.id, user.epoch, AuthMethod::Password);
    let replaced = context.replaced_session(&session)?;
    let sign_in = PasswordSignIn {
        user,
        verified,
        password: new,
        session: &session,
        replaces: replaced.as_ref(),
        event: &context.login_event(Action::Login, &session, replaced.as_ref()),
    };
    if !context.app.store.complete_sign_in(&sign_in).await? {
        return Err(Problem::invalid_credentials());
    }
    Ok(IssuedSession {
        session,
        id,
        address: user.address.clone(),
    })
}

/// Counts and audits a failed attempt, with the same writes for every address. Returns the problem
/// to respond with.
async fn record_failure(
    context: &SignInContext<'_>,
    address: &EmailAddress,
    attempt: &PasswordAttempt,
    limits: &Limits,
) -> Problem {
    let address_hash = context.ring.address_hash(address);
    let event = context.app.audit_event(
        Action::LoginFailed,
        address_hash,
        Target::Address(address_hash),
        &context.request.client(),
        context.now,
    );
    let store = &context.app.store;
    match store
        .record_failed_sign_in(attempt, &limits.as_ref(), &event)
        .await
    {
        Ok(()) => Problem::invalid_credentials(),
        Err(unavailable) => unavailable.into(),
    }
}
