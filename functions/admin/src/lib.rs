//! The administration of users.
//!
//! API Gateway lets in only calls that are signed by a role which may (`AWS_IAM`); there is no
//! admin password, and browsers never call this. One file for each act or two says what it takes
//! and answers. Everything is refused alike: 400 `invalid-request`, 404 for an id that no user has,
//! 413, 415, 503; and every act is written down with who signed it.

mod change;
mod end;
mod import;
mod invite;
mod user_view;
mod users;

use change::Change;
use shared::app::App;
use shared::domain::audit::{Action, AuditEvent, Target};
use shared::domain::ids::UserId;
use shared::domain::time::Timestamp;
use shared::domain::user::User;
use shared::http::problem::ProblemType;
use shared::http::{Problem, Request, Response};
use shared::store::users::UpdateOutcome;

/// What this function answers.
pub const ROUTES: &[&str] = &[
    "POST /admin/users",
    "POST /admin/users/import",
    "POST /admin/users/{id}/resend",
    LIST,
    "GET /admin/users/{id}",
    "PATCH /admin/users/{id}",
    "DELETE /admin/users/{id}",
    "DELETE /admin/users/{id}/sessions",
];

/// The one route with a query.
const LIST: &str = "GET /admin/users";

/// How often an act is tried on a user who is changed by others meanwhile.
const TRIES: usize = 4;

struct Admin<'a> {
    app: &'a App,
}

/// What is done to a user who is there.
enum Act<'a> {
    Resend,
    Change(&'a Change),
    EndSessions,
    Erase,
}

/// Handles the request.
///
/// # Errors
/// See the acts.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let admin = Admin { app };
    if request.route() == LIST {
        return admin.list(&request).await;
    }
    let [] = request.query_params([])?;
    match request.route() {
        "POST /admin/users" => admin.invite(&request).await,
        "POST /admin/users/import" => admin.import(&request).await,
        "POST /admin/users/{id}/resend" => admin.resend(&request).await,
        "GET /admin/users/{id}" => admin.one(&request).await,
        "PATCH /admin/users/{id}" => admin.change(&request).await,
        "DELETE /admin/users/{id}" => admin.erase(&request).await,
        "DELETE /admin/users/{id}/sessions" => admin.end_sessions(&request).await,
        _ => Err(Problem::not_found()),
    }
}

/// The id in the path.
fn id(request: &Request) -> Result<UserId, Problem> {
    UserId::parse(request.path_parameter("id")).ok_or_else(no_such_user)
}

fn no_such_user() -> Problem {
    Problem::new(ProblemType::NotFound, "There is no user with this id.")
}

fn taken(detail: &'static str) -> Problem {
    Problem::new(ProblemType::AlreadyExists, detail)
}

impl Admin<'_> {
    /// The user whose id is in the path.
    async fn user(&self, request: &Request) -> Result<User, Problem> {
        self.app
            .store
            .find_user(&id(request)?)
            .await?
            .ok_or_else(no_such_user)
    }

    /// Does it to the user as she is, and gives her as she was; reads again where somebody else was
    /// faster.
    async fn act(&self, request: &Request, act: Act<'_>) -> Result<User, Problem> {
        for _ in 0..TRIES {
            let user = self.user(request).await?;
            let done = match &act {
                Act::Resend => self.resend_to(request, &user).await?,
                Act::Change(change) => self.change_to(request, &user, change).await?,
                Act::EndSessions => self.end_sessions_of(request, &user).await?,
                Act::Erase => self.erase_row(request, &user).await?,
            };
            match done {
                UpdateOutcome::Updated => return Ok(user),
                UpdateOutcome::EmailTaken => return Err(taken(user_view::TAKEN)),
                UpdateOutcome::Conflict => {}
            }
        }
        Err(Problem::unavailable())
    }

    /// What is written down of an act, and who did it.
    fn audit_event(
        &self,
        request: &Request,
        action: Action,
        user: &UserId,
        now: Timestamp,
    ) -> AuditEvent {
        let mut event = self.app.audit_event(
            action,
            user,
            Target::User(user.clone()),
            &request.client(),
            now,
        );
        event.metadata.push(("actor", request.iam_arn().to_owned()));
        event
    }
}
