//! `POST /auth/sign-up`: asks to become a user, where the portal allows it (`SelfSignUp`).
//!
//! Takes `{email, name}` as JSON or a form. Answers 200, always the same; a form is led to the page
//! that says "check your mail". Whether the address is known, this function does not look: the
//! mailer adds the user, or sends a link to whoever is one already. 404 where it is off, 400 for
//! what is no address or no name, 429 for too many.

use serde::Deserialize;
use shared::app::App;
use shared::auth::request_email::{EmailRequest, parse_address};
use shared::domain::email::EmailKind;
use shared::domain::paths;
use shared::domain::user::is_name;
use shared::http::{Problem, Request, Response};

/// What this function answers.
pub const ROUTES: &[&str] = &["POST /auth/sign-up"];

const ALWAYS: &str = "We'll send a link to this email address.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    email: String,
    name: String,
}

/// Handles the request.
///
/// # Errors
/// See the module.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    if !app.config.links.sign_up {
        return Err(Problem::not_found());
    }
    let origin = request.portal_origin(&app.config.site)?;
    let input: Input = request.body(&app.config.site, &origin)?;
    let asked = async {
        let address = parse_address(&input.email)?;
        let name = Some(input.name).filter(|name| is_name(name));
        let name = name.ok_or_else(|| {
            Problem::invalid_request("`name` must be 1 to 120 printable characters.")
        })?;
        let ask = EmailRequest {
            address,
            kind: EmailKind::SignUp { name },
            next: None,
            bearer: false,
        };
        app.request_email(&request, &origin, ask, ALWAYS).await
    };
    asked
        .await
        .map_err(|problem| problem.redirect_form_to(&origin.join(paths::SIGN_UP)))
}
