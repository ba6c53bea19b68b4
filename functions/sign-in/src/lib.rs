//! `POST /auth/sign-in` exchanges an address and a password for a session.
//!
//! Takes `{email, password, next?, idempotency_key?, known?, transport?}`. Responds like
//! `POST /auth/verify`; a form is redirected to `next` or the dashboard. A repeat with the same
//! idempotency key within 60 seconds gets the same session.
//!
//! 401 `invalid-credentials` for every reason not to sign somebody in, after the same calls and the
//! same computations. 429 `too-many-attempts` before anything is computed, for what this client
//! alone has tried. 404 on a portal without passwords.

mod verified;

use serde::Deserialize;
use shared::app::App;
use shared::auth::issue_session::{IssuedSession, SignInContext};
use shared::auth::password_attempt::parse_password;
use shared::auth::request_email::{parse_address, parse_next};
use shared::domain::link::IdempotencyKey;
use shared::domain::password::hash::PasswordCheck;
use shared::http::form_draft::FormDraft;
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};
use verified::VerifiedPassword;

pub const ROUTES: &[&str] = &["POST /auth/sign-in"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    email: String,
    password: String,
    next: Option<String>,
    idempotency_key: Option<String>,
    /// The mark of a known browser, from the last sign-in of a bearer client.
    known: Option<String>,
    #[serde(default)]
    transport: Transport,
}

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    app.passwords.require_enabled()?;
    let site = &app.config.site;
    let origin = request.portal_origin(site)?;
    let input: Input = request.body(site, &origin)?;
    let context = SignInContext::new(app, &request, origin).await;
    let page = request.form_page(&context.origin);
    let page = page.unwrap_or_else(|| site.login_url(&context.origin));
    let draft = FormDraft::of_address(&input.email).cookie(&app.config.portal, &context.origin);
    let next = parse_next(input.next.as_deref(), site, &context.origin)
        .map_err(|problem| problem.redirect_form_to(&page).with_draft(draft.clone()))?;
    let issued = sign_in(&context, &input).await.map_err(|problem| {
        problem
            .redirect_form_to(&page)
            .with_next(next.as_ref())
            .with_draft(draft)
    })?;
    context.respond(&issued, input.transport, next.as_ref())
}

async fn sign_in(context: &SignInContext<'_>, input: &Input) -> Result<IssuedSession, Problem> {
    let app = context.app;
    let address = parse_address(&input.email)?;
    let password = parse_password("password", &input.password)?;
    let key = IdempotencyKey::parse_optional(input.idempotency_key.as_deref())?;

    let limits = context.password_limits(&address, input.known.as_deref())?;
    let attempt = app
        .store
        .begin_password_attempt(&address, &limits, context.now)
        .await?;
    let check = app.passwords.verify(&password, attempt.password());
    let (Some(user), Some(stored)) = (attempt.active_user(), attempt.password()) else {
        return Err(context.wrong_password(&address).await);
    };
    let verified = VerifiedPassword {
        user,
        marks: &context.known_browsers(input.known.as_deref())?,
        stored,
        new: match check {
            PasswordCheck::NoMatch => return Err(context.wrong_password(&address).await),
            PasswordCheck::Match => stored.clone(),
            PasswordCheck::MatchNeedsRehash => app.passwords.hash(&password, app.random.bytes()),
        },
    };
    let (issued, ()) = tokio::join!(
        verified.issue_session(context, key.as_ref()),
        app.store
            .forget_password_attempt(&attempt, &limits, context.now),
    );
    issued
}
