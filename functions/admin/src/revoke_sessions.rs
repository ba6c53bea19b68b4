//! `DELETE /admin/users/{id}/sessions` revokes all sessions of a user and voids all their links,
//! including an invitation's, with one write to the user's row. A user who is active is told.
//!
//! Responds 204.

use crate::Admin;
use shared::domain::audit::Action;
use shared::domain::email::{Notice, OutboxEntry};
use shared::domain::time::Timestamp;
use shared::domain::user::{Status, User};
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
        let after = User {
            epoch: user.epoch.next(),
            ..user.clone()
        };
        let event = self.audit_event(request, Action::SessionsRevoked, &user.id, now);
        let event = event.with_epoch(after.epoch);
        // Nobody else has sessions.
        let notice = match user.status {
            Status::Active => self.sessions_ended(&after, now).await,
            Status::Invited | Status::Suspended => None,
        };
        let store = &self.app.store;
        Ok(store
            .revoke_all_sessions(user, notice.as_ref(), &event)
            .await?)
    }

    async fn sessions_ended(&self, user: &User, now: Timestamp) -> Option<OutboxEntry> {
        let ring = self.app.keys.ring(now).await;
        self.notice(&ring, Notice::SessionsEnded, user, &user.address, now)
    }
}
