//! Shared by several functions of the admin API: paging, views, and audit events with the actor.

mod email_view;
pub mod paging;

pub use email_view::EmailView;

use crate::app::App;
use crate::domain::audit::{self, Action, AuditEvent, Subject, Target};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::http::problem::ProblemType;
use crate::http::{Problem, Request};

/// Parses the user id in the path.
///
/// # Errors
/// 404 for what cannot be one.
pub fn user_id(request: &Request) -> Result<UserId, Problem> {
    UserId::parse(request.path_parameter("id")).ok_or_else(no_such_user)
}

/// Returns the problem of an id that no user has.
pub fn no_such_user() -> Problem {
    Problem::new(ProblemType::NotFound, |t| t.no_such_user)
}

impl App {
    /// Finds the user whose id is in the path. Costs 1 consistent read.
    ///
    /// # Errors
    /// 404 if there is none, and 503 if the store cannot be reached.
    pub async fn find_user_in_path(&self, request: &Request) -> Result<User, Problem> {
        let id = user_id(request)?;
        let user = self.store.find_user(&id).await?;
        user.ok_or_else(no_such_user)
    }

    /// Creates an audit event that names who signed the call as the `actor`.
    pub fn admin_event(
        &self,
        request: &Request,
        action: Action,
        subject: impl Into<Subject>,
        target: Target,
        now: Timestamp,
    ) -> AuditEvent {
        let mut event = self.audit_event(action, subject, target, &request.client(), now);
        let actor = request.iam_arn().to_owned();
        event.metadata.push((audit::ACTOR, actor));
        event
    }
}
