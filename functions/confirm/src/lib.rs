//! `POST /auth/confirm` confirms that the user of a session is still there: with their password, or
//! with a code that was emailed to them.
//!
//! Takes `{password, known?}`, or `{code, request?, known?}` with a code that this browser, or the
//! bearer client with the nonce `request`, has requested for the address of the user. Responds 200
//! `{session: {id, created_at, expires_at, auth_time, amr}, known?}`: `auth_time` is now, and the
//! session is the same and ends when it would have. As with a sign-in, the browser gets a fresh
//! mark. A form is redirected to the account page.
//!
//! The limits are those of `POST /auth/sign-in` and `POST /auth/verify`, and their counts are
//! shared. 401 `not-authenticated` without a session, 401 `invalid-credentials` for a wrong
//! password, 400 `invalid-token` with `attempts_left` for a wrong code, 410 `used-token` for one
//! that was used, 429 `too-many-attempts`, 404 for a password on a portal without passwords.

mod code;
mod password;

use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::auth::issue_session::{KnownMark, SignInContext};
use shared::domain::audit::{Action, AuditEvent, Target};
use shared::domain::origin::Origin;
use shared::domain::paths;
use shared::domain::session::{AuthMethod, Session};
use shared::domain::user::User;
use shared::http::response::{self, with_cookie};
use shared::http::session_view::SessionView;
use shared::http::{Problem, Request, Response};

pub const ROUTES: &[&str] = &["POST /auth/confirm"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    password: Option<String>,
    code: Option<String>,
    request: Option<String>,
    /// The mark of a known browser, from the last sign-in of a bearer client.
    known: Option<String>,
}

#[derive(Serialize)]
struct Output {
    session: SessionView,
    /// The mark of a known browser, for a bearer client.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<String>,
}

/// A signed-in user who confirms their session.
struct Confirmation<'a> {
    context: SignInContext<'a>,
    user: &'a User,
    session: &'a Session,
    input: &'a Input,
}

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let site = &app.config.site;
    let origin = request.portal_origin(site)?;
    let input: Input = request.body(site, &origin)?;
    match confirm(app, &request, &origin, &input).await {
        Err(problem) => app.fail_form(&request, &origin, paths::CONFIRM, problem),
        confirmed => confirmed,
    }
}

async fn confirm(
    app: &App,
    request: &Request,
    origin: &Origin,
    input: &Input,
) -> Result<Response, Problem> {
    let authenticated = app.authenticate(request, origin).await?;
    let confirmation = Confirmation {
        context: SignInContext::new(app, request, origin.clone()).await,
        user: &authenticated.user,
        session: &authenticated.session,
        input,
    };
    let confirmed = confirmation.confirm().await?;
    let address = &authenticated.user.address;
    let KnownMark { mark, cookie } = confirmation.context.mark_browser(address)?;
    let response = if request.is_form() {
        let page = format!("{}?notice=confirmed", paths::ACCOUNT);
        response::see_other(&origin.join(&page))
    } else {
        let session = SessionView::from(&confirmed);
        let known = (!authenticated.by_cookie).then(|| mark.expose());
        response::json(200, &Output { session, known })
    };
    let response = authenticated.respond(response);
    Ok(if authenticated.by_cookie {
        with_cookie(response, &cookie)
    } else {
        response
    })
}

impl Confirmation<'_> {
    async fn confirm(&self) -> Result<Session, Problem> {
        match (&self.input.password, &self.input.code) {
            (Some(password), None) => self.by_password(password).await,
            (None, Some(code)) => self.by_code(code).await,
            _ => Err(Problem::invalid_request(|t| t.password_or_code)),
        }
    }

    /// Returns the session as confirmed now with `auth_method`, and the audit event of it.
    fn confirmed(&self, auth_method: AuthMethod) -> (Session, AuditEvent) {
        let context = &self.context;
        let session = Session {
            auth_time: context.now,
            auth_method,
            ..self.session.clone()
        };
        let mut event = context.app.audit_event(
            Action::SessionConfirmed,
            &session.user,
            Target::Session(session.hash),
            &context.request.client(),
            context.now,
        );
        let method = auth_method.as_str().to_owned();
        event.metadata.push(("auth_method", method));
        (session, event)
    }
}
