//! `POST /auth/report` reports that what a notice tells was not the user's doing: it ends all
//! sessions of the user and all links that were emailed to them, and tells the administrators.
//!
//! Takes `{token}` with the token of the link in a notice. Responds 200 `{success: true}`; a form
//! is redirected to the page of the link, which says what to do next. It gives no session, and
//! works whatever the user's epoch, address and status are by then.
//!
//! 400 `invalid-token`, also if the user was erased, 410 `expired-token` or `used-token`.

use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::domain::audit::{Action, AuditEvent, Target};
use shared::domain::link::Purpose;
use shared::domain::paths;
use shared::domain::time::Timestamp;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::store::links::ReportableNotice;
use shared::store::users::UpdateOutcome;

pub const ROUTES: &[&str] = &["POST /auth/report"];

/// The metadata of a report: the notice that was reported.
const NOTICE: &str = "notice";

/// The attempts at a report of a user whom others change at the same time.
const MAX_ATTEMPTS: u32 = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    token: String,
}

#[derive(Serialize)]
struct Output {
    success: bool,
}

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let site = &app.config.site;
    let origin = request.portal_origin(site)?;
    let input: Input = request.body(site, &origin)?;
    let page = paths::link_page(&origin, paths::REPORT, &input.token);
    report(app, &request, &input.token)
        .await
        .map_err(|problem| problem.redirect_form_to(&page))?;
    if request.is_form() {
        return Ok(response::see_other(&format!("{page}?notice=reported")));
    }
    Ok(response::json(200, &Output { success: true }))
}

async fn report(app: &App, request: &Request, token: &str) -> Result<(), Problem> {
    let now = app.clock.now();
    let ring = app.keys.ring(now).await;
    let claims = ring.read_link(Purpose::Report, token)?.content;
    for attempt in 1..=MAX_ATTEMPTS {
        let found = app.store.find_notice(&claims, now).await?;
        let event = event(app, request, &found, now);
        let (store, link) = (&app.store, &found.link);
        if store.report_notice(link, found.epoch, &event).await? == UpdateOutcome::Updated {
            // An alarm counts these lines.
            let (user, notice) = (link.user.as_str(), found.notice.as_str());
            tracing::warn!(user, notice, "a user reported a notice");
            return Ok(());
        }
        store.back_off(attempt).await;
    }
    Err(Problem::unavailable())
}

fn event(app: &App, request: &Request, found: &ReportableNotice, now: Timestamp) -> AuditEvent {
    let user = &found.link.user;
    let target = Target::User(user.clone());
    let event = app.audit_event(Action::Reported, user, target, &request.client(), now);
    let mut event = event.with_epoch(found.epoch.next());
    let notice = found.notice.as_str().to_owned();
    event.metadata.push((NOTICE, notice));
    event
}
