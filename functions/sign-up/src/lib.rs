//! `POST /auth/sign-up` requests an account, on portals with `SelfSignUp=on`.
//!
//! Takes `{email, name, next?, idempotency_key?}` as JSON or a form. Responds 200
//! `{success, message}`, the same for every address and without looking it up: the mailer sends a
//! link that creates the user, or one to the user who has the address already. A form is redirected
//! to the page that asks to check the email. 400 `invalid-request` for an invalid address or name,
//! 429 `too-many-attempts`, 404 with `SelfSignUp=off`.

use serde::Deserialize;
use shared::app::App;
use shared::auth::request_email::{EmailRequest, parse_address, parse_name, parse_next};
use shared::domain::email::EmailKind;
use shared::domain::next::Next;
use shared::domain::origin::Origin;
use shared::domain::paths;
use shared::http::form_draft::FormDraft;
use shared::http::{Problem, Request, Response};

pub const ROUTES: &[&str] = &["POST /auth/sign-up"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    email: String,
    name: String,
    next: Option<String>,
    idempotency_key: Option<String>,
}

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    if !app.config.links.sign_up {
        return Err(Problem::not_found());
    }
    let site = &app.config.site;
    let origin = request.portal_origin(site)?;
    let input: Input = request.body(site, &origin)?;
    let page = request.form_page(&origin);
    let page = page.unwrap_or_else(|| origin.join(paths::SIGN_UP));
    let draft = FormDraft::of_name(&input.email, &input.name).cookie(&app.config.portal, &origin);
    let next = parse_next(input.next.as_deref(), site, &origin)
        .map_err(|problem| problem.redirect_form_to(&page).with_draft(draft.clone()))?;
    request_account(app, &request, &origin, input, next.clone())
        .await
        .map_err(|problem| {
            problem
                .redirect_form_to(&page)
                .with_next(next.as_ref())
                .with_draft(draft)
        })
}

async fn request_account(
    app: &App,
    request: &Request,
    origin: &Origin,
    input: Input,
    next: Option<Next>,
) -> Result<Response, Problem> {
    let address = parse_address(&input.email)?;
    let name = parse_name(input.name)?;
    let email = EmailRequest {
        address,
        kind: EmailKind::SignUp { name },
        next,
        bearer: false,
        idempotency_key: input.idempotency_key.as_deref(),
        known: None,
    };
    app.request_email(request, origin, email, |t| t.sign_up_message)
        .await
}
