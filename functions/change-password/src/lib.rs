//! `POST /auth/change-password` changes the password of the user who is signed in, ends all their
//! other sessions and all their links, and sends them a notice.
//!
//! Takes `{current, password, idempotency_key?, known?}`. Responds 200 `{success: true}`: the
//! session is the same and ends when it would have, and its `auth_time` is now. A form is
//! redirected to the account page. A repeat with the same idempotency key and new password within
//! 60 seconds succeeds and changes nothing.
//!
//! The limits are those of `POST /auth/sign-in`, and their counts are shared. 401
//! `not-authenticated` without a session, 401 `invalid-credentials` if `current` is wrong or the
//! user has no password, 422 `weak-password` with the reason, 429 `too-many-attempts`, 404 on a
//! portal without passwords.

mod change;

use change::{Change, Outcome};
use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::auth::issue_session::SignInContext;
use shared::auth::password_attempt::parse_password;
use shared::domain::link::IdempotencyKey;
use shared::domain::origin::Origin;
use shared::domain::paths;
use shared::http::response::{self, with_cookie};
use shared::http::{Problem, Request, Response};

pub const ROUTES: &[&str] = &["POST /auth/change-password"];

/// The number of rounds until a change gives up against others: the second one meets the password
/// and the session as a concurrent change has left them.
const ROUNDS: usize = 3;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    current: String,
    password: String,
    idempotency_key: Option<String>,
    /// The mark of a known browser, from the last sign-in of a bearer client.
    known: Option<String>,
}

#[derive(Serialize)]
struct Output {
    success: bool,
}

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    app.passwords.require_enabled()?;
    let site = &app.config.site;
    let origin = request.portal_origin(site)?;
    let input: Input = request.body(site, &origin)?;
    match change_password(app, &request, &origin, &input).await {
        Err(problem) => app.fail_form(&request, &origin, paths::ACCOUNT, problem),
        changed => changed,
    }
}

async fn change_password(
    app: &App,
    request: &Request,
    origin: &Origin,
    input: &Input,
) -> Result<Response, Problem> {
    for _ in 0..ROUNDS {
        let authenticated = app.authenticate(request, origin).await?;
        let address = &authenticated.user.address;
        let change = Change {
            context: SignInContext::new(app, request, origin.clone()).await,
            session: &authenticated.session,
            address,
            current: &parse_password("current", &input.current)?,
            password: &app.passwords.choose(&input.password, address)?,
            idempotency_key: IdempotencyKey::parse_optional(input.idempotency_key.as_deref())?
                .map(|key| key.hash()),
            known: input.known.as_deref(),
        };
        if change.apply().await? == Outcome::Outpaced {
            continue;
        }
        let response = authenticated.respond(success(request, origin));
        if !authenticated.by_cookie {
            return Ok(response);
        }
        let known = change.context.mark_browser(address)?;
        return Ok(with_cookie(response, &known.cookie));
    }
    Err(Problem::unavailable())
}

fn success(request: &Request, origin: &Origin) -> Response {
    if request.is_form() {
        let page = format!("{}?notice=password-changed", paths::ACCOUNT);
        response::see_other(&origin.join(&page))
    } else {
        response::json(200, &Output { success: true })
    }
}
