//! `POST /admin/emails/redrive` sends an email again that was held back, or one that waits at once.
//! An email that was claimed before keeps its link. No budget limits it.
//!
//! Takes `{email, id}`. Responds 202 `{success: true}`, and the mailer sends it within a minute;
//! 404 `not-found` where there is no such email; 409 `conflict` for one that was not held back,
//! whose link has expired (it is marked so), or whose address is suppressed.

use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::auth::request_email::parse_address;
use shared::domain::audit::{Action, Target};
use shared::domain::email::OutboxKey;
use shared::domain::ids::RecordId;
use shared::domain::language::sentences::ApiSentences;
use shared::http::problem::ProblemType;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::store::outbox::RedriveOutcome;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    email: String,
    id: String,
}

#[derive(Serialize)]
struct Output {
    success: bool,
}

pub(crate) async fn redrive(app: &App, request: &Request) -> Result<Response, Problem> {
    let [] = request.query_params([])?;
    let input: Input = request.json_body()?;
    let address = parse_address(&input.email)?;
    let id = RecordId::parse(&input.id).ok_or_else(no_such_email)?;
    let now = app.clock.now();
    let to = app.keys.ring(now).await.address_hash(&address);
    let key = OutboxKey { to, id };
    let email = app
        .store
        .find_email(&key)
        .await?
        .ok_or_else(no_such_email)?;
    let target = Target::Email(key.id.clone());
    let event = app.admin_event(request, Action::EmailRedriven, to, target, now);
    match app.store.redrive_email(&key, &email, &event).await? {
        RedriveOutcome::Redriven => Ok(response::json(202, &Output { success: true })),
        RedriveOutcome::Expired => Err(conflict(|t| t.redrive_of_expired)),
        RedriveOutcome::NotHeld => Err(conflict(|t| t.cannot_redrive)),
        RedriveOutcome::Suppressed => Err(conflict(|t| t.redrive_of_suppressed)),
    }
}

fn no_such_email() -> Problem {
    Problem::new(ProblemType::NotFound, |t| t.no_such_email)
}

fn conflict(detail: fn(&'static ApiSentences) -> &'static str) -> Problem {
    Problem::new(ProblemType::Conflict, detail)
}
