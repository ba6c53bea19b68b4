//! `emails` is the administration of emails: what became of each, lifting a suppression, and
//! sending again what was held back. API Gateway accepts only calls signed with AWS credentials
//! (`AWS_IAM`).
//!
//! Each file describes the request and the response of its endpoint. All endpoints respond with
//! 400 `invalid-request`, 413 `payload-too-large`, 415 `unsupported-media-type` and 503
//! `unavailable`. The audit records every change with the IAM ARN that signed the call.

mod held;
mod lift;
mod list;
mod redrive;
mod story;
mod views;

use shared::app::App;
use shared::http::{Problem, Request, Response};

pub const ROUTES: &[&str] = &[LIST, LIST_OF_USER, LIFT, REDRIVE];

const LIST: &str = "GET /admin/emails";
const LIST_OF_USER: &str = "GET /admin/users/{id}/emails";
const LIFT: &str = "POST /admin/emails/lift";
const REDRIVE: &str = "POST /admin/emails/redrive";

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    match request.route() {
        LIST => list::list(app, &request).await,
        LIST_OF_USER => list::list_of_user(app, &request).await,
        LIFT => lift::lift(app, &request).await,
        REDRIVE => redrive::redrive(app, &request).await,
        _ => Err(Problem::not_found()),
    }
}
