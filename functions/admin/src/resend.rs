//! `POST /admin/users/{id}/resend` sends a user's invitation again. The link of the earlier
//! invitation stops working.
//!
//! Responds 202 `{success: true}`, with `invitation_waits_until` where today's budget of
//! invitations is used up, or 409 `conflict` for a user who is not invited.

use crate::Admin;
use serde::Serialize;
use shared::domain::audit::Action;
use shared::domain::user::{Status, User};
use shared::http::problem::ProblemType;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::store::users::UpdateOutcome;

#[derive(Serialize)]
struct Output {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation_waits_until: Option<String>,
}

impl Admin<'_> {
    pub(crate) async fn resend(&self, request: &Request) -> Result<Response, Problem> {
        request.empty_json()?;
        let invitation_waits_until = self.invitation_waits_until(self.app.clock.now()).await?;
        self.retry_on_conflict(request, async |user| self.invite_again(request, user).await)
            .await?;
        let output = Output {
            success: true,
            invitation_waits_until,
        };
        Ok(response::json(202, &output))
    }

    async fn invite_again(&self, request: &Request, user: &User) -> Result<UpdateOutcome, Problem> {
        if user.status != Status::Invited {
            return Err(Problem::new(ProblemType::Conflict, |t| t.not_invited));
        }
        let now = self.app.clock.now();
        let after = User {
            epoch: user.epoch.next(),
            ..user.clone()
        };
        let invitation = self.invitation(&after, now).await;
        let event = self.audit_event(request, Action::InvitationResent, &user.id, now);
        let store = &self.app.store;
        Ok(store
            .update_user(user, &after, &[invitation], &event)
            .await?)
    }
}
