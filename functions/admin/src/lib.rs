//! `admin` is the administration of users. API Gateway accepts only calls signed with AWS
//! credentials (`AWS_IAM`); there is no admin password, and browsers never call it.
//!
//! Each file describes the request and the response of its endpoint. All endpoints respond with
//! 400 `invalid-request`, 404 `not-found` for the id of no user, 413 `payload-too-large`, 415
//! `unsupported-media-type` and 503 `unavailable`. The audit records every change with the IAM ARN
//! that signed the call.

mod create;
mod erase;
mod history;
mod import;
mod record_views;
mod resend;
mod revoke_sessions;
mod session_views;
mod update;
mod user_fields;
mod user_view;
mod users;

use shared::app::App;
use shared::domain::address::EmailAddress;
use shared::domain::audit::{Action, AuditEvent, Target};
use shared::domain::email::{EmailKind, Notice, OutboxEntry};
use shared::domain::ids::UserId;
use shared::domain::language::Language;
use shared::domain::language::sentences::ApiSentences;
use shared::domain::portal_budget;
use shared::domain::rate_limit::RateLimitScope;
use shared::domain::time::Timestamp;
use shared::domain::user::User;
use shared::http::problem::ProblemType;
use shared::http::{Problem, Request, Response};
use shared::keys::KeyRing;
use shared::store::users::UpdateOutcome;

pub const ROUTES: &[&str] = &[
    "POST /admin/users",
    "POST /admin/users/import",
    "POST /admin/users/{id}/resend",
    LIST_USERS,
    "GET /admin/users/{id}",
    LIST_AUDIT,
    "PATCH /admin/users/{id}",
    "DELETE /admin/users/{id}",
    "DELETE /admin/users/{id}/sessions",
];

// The routes with query parameters.
const LIST_USERS: &str = "GET /admin/users";
const LIST_AUDIT: &str = "GET /admin/users/{id}/audit";

/// The attempts at changing a user whom others change at the same time.
const MAX_ATTEMPTS: u32 = 8;

struct Admin<'a> {
    app: &'a App,
    /// Language of the request, and of the emails that it causes.
    language: Language,
}

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let admin = Admin {
        app,
        language: request.language(app.config.language),
    };
    match request.route() {
        LIST_USERS => return admin.list_users(&request).await,
        LIST_AUDIT => return admin.list_audit(&request).await,
        _ => {}
    }
    let [] = request.query_params([])?;
    match request.route() {
        "POST /admin/users" => admin.create(&request).await,
        "POST /admin/users/import" => admin.import(&request).await,
        "POST /admin/users/{id}/resend" => admin.resend(&request).await,
        "GET /admin/users/{id}" => admin.get_user(&request).await,
        "PATCH /admin/users/{id}" => admin.update(&request).await,
        "DELETE /admin/users/{id}" => admin.erase(&request).await,
        "DELETE /admin/users/{id}/sessions" => admin.revoke_sessions(&request).await,
        _ => Err(Problem::not_found()),
    }
}

fn already_exists(detail: fn(&'static ApiSentences) -> &'static str) -> Problem {
    Problem::new(ProblemType::AlreadyExists, detail)
}

impl Admin<'_> {
    /// Finds the user whose id is in the path, calls `write` with them, and returns them as they
    /// were before. Finds them again and repeats the call where they changed in between.
    async fn retry_on_conflict(
        &self,
        request: &Request,
        write: impl AsyncFnOnce(&User) -> Result<UpdateOutcome, Problem> + Copy,
    ) -> Result<User, Problem> {
        for attempt in 1..=MAX_ATTEMPTS {
            let user = self.app.find_user_in_path(request).await?;
            match write(&user).await? {
                UpdateOutcome::Updated => return Ok(user),
                UpdateOutcome::EmailTaken => return Err(already_exists(|t| t.email_taken)),
                UpdateOutcome::Conflict => self.app.store.back_off(attempt).await,
            }
        }
        Err(Problem::unavailable())
    }

    /// Returns the time before which an invitation is not sent, if today's budget is used up. The
    /// mailer decides; others may use it up in between.
    async fn invitation_waits_until(&self, now: Timestamp) -> Result<Option<String>, Problem> {
        let ring = self.app.keys.ring(now).await;
        let count = portal_budget::shards(self.app.config.email.per_day_portal);
        let shard = |shard| {
            let scope = RateLimitScope::Invitations;
            self.app.budget_shard(&ring, scope, shard)
        };
        let shards: Vec<_> = (0..count).map(shard).collect();
        let until = self.app.store.reached_until(&shards, now).await?;
        Ok(until.map(|until| until.rfc3339()))
    }

    async fn invitation(&self, user: &User, now: Timestamp) -> OutboxEntry {
        let ring = self.app.keys.ring(now).await;
        let kind = EmailKind::Invitation(user.id.clone(), user.epoch);
        OutboxEntry {
            language: self.language,
            ..self
                .app
                .outbox_entry(&ring, user.address.clone(), kind, now)
        }
    }

    /// Returns the notice of what was done to the account of `user`, as they are after it, to
    /// `address`.
    fn notice(
        &self,
        ring: &KeyRing,
        notice: Notice,
        user: &User,
        address: &EmailAddress,
        now: Timestamp,
    ) -> Option<OutboxEntry> {
        let subject = (&user.id, user.epoch);
        let notice = self.app.notice(ring, notice, subject, address, now)?;
        Some(OutboxEntry {
            language: self.language,
            ..notice
        })
    }

    /// Returns an audit event about `user` that names who signed the call as the `actor`.
    fn audit_event(
        &self,
        request: &Request,
        action: Action,
        user: &UserId,
        now: Timestamp,
    ) -> AuditEvent {
        let target = Target::User(user.clone());
        self.app.admin_event(request, action, user, target, now)
    }
}
