//! `DELETE /admin/users/{id}/sessions` revokes all sessions of a user and voids all their links,
//! including an invitation's, with one write to the user's row.
//!
//! Responds 204.

use crate::Admin;
use shared::domain::audit::Action;
use shared::domain::user::User;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::store::users::UpdateOutcome;

impl Admin<'_> {
    pub(crate) async fn revoke_sessions(&self, request: &Request) -> Result<Response, Problem> {
        request.empty_json()?;
        self.retry_on_conflict(request, async |user| {
            self.revoke_sessions_of(request, user).await
        })
        .await?;
        Ok(response::no_content())
    }

    async fn revoke_sessions_of(
        &self,
        request: &Request,
        user: &User,
    ) -> Result<UpdateOutcome, Problem> {
        let now = self.app.clock.now();
        let event = self.audit_event(request, Action::SessionsRevoked, &user.id, now);
        let event = event.with_epoch(user.epoch.next());
        Ok(self.app.store.revoke_all_sessions(user, &event).await?)
    }
}
