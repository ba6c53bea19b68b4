//! `POST /admin/emails/lift` lifts the suppression of an address: the next email is sent.
//!
//! Takes `{email}`. Responds 200 `{success: true, lifted}`; `lifted` is false where the address was
//! not suppressed.

use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::auth::request_email::parse_address;
use shared::domain::audit::{Action, Target};
use shared::http::response;
use shared::http::{Problem, Request, Response};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    email: String,
}

#[derive(Serialize)]
struct Output {
    success: bool,
    lifted: bool,
}

pub(crate) async fn lift(app: &App, request: &Request) -> Result<Response, Problem> {
    let [] = request.query_params([])?;
    let input: Input = request.json_body()?;
    let address = parse_address(&input.email)?;
    let now = app.clock.now();
    let address = app.keys.ring(now).await.address_hash(&address);
    let target = Target::Address(address);
    let event = app.admin_event(request, Action::SuppressionLifted, address, target, now);
    let output = Output {
        success: true,
        lifted: app.store.lift_suppression(&address, &event).await?,
    };
    Ok(response::json(200, &output))
}
