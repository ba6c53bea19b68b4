//! `PATCH /admin/users/{id}` changes a user.
//!
//! Takes at least one of `{name, email, role, resources, status}`. `status` is `active` or
//! `suspended`. A new status or address voids all sessions and links for good: a user who is active
//! again signs in again, and a user who is still invited is invited again at their new address. A
//! new address of any other user is announced to the old and the new one.
//!
//! Responds 200 with the user as they are then, and `invitation_waits_until` where today's budget
//! of invitations is used up, or 409 `already-exists` where another user has the address. Where
//! nothing differs, nothing is written.

use crate::Admin;
use crate::erase::ADDRESS_BEFORE;
use crate::user_fields::{not_null, parse_resources, parse_role};
use crate::user_view::UserView;
use serde::Deserialize;
use shared::auth::request_email::{parse_address, parse_name};
use shared::domain::address::EmailAddress;
use shared::domain::audit::{Action, AuditEvent};
use shared::domain::email::{Notice, OutboxEntry};
use shared::domain::time::Timestamp;
use shared::domain::user::{Resource, Status, User};
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::keys::KeyRing;
use shared::store::users::UpdateOutcome;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    #[serde(default, deserialize_with = "not_null")]
    name: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    email: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    role: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    resources: Option<Vec<Resource>>,
    #[serde(default, deserialize_with = "not_null")]
    status: Option<StatusChange>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum StatusChange {
    Active,
    Suspended,
}

/// The fields that a request changes, checked.
struct UserChanges {
    name: Option<String>,
    address: Option<EmailAddress>,
    role: Option<String>,
    resources: Option<Vec<Resource>>,
    status: Option<Status>,
}

impl UserChanges {
    fn parse(input: Input) -> Result<Self, Problem> {
        let changes = Self {
            name: input.name.map(parse_name).transpose()?,
            address: input.email.as_deref().map(parse_address).transpose()?,
            role: input.role.map(parse_role).transpose()?,
            resources: input.resources.map(parse_resources).transpose()?,
            status: input.status.map(|status| match status {
                StatusChange::Active => Status::Active,
                StatusChange::Suspended => Status::Suspended,
            }),
        };
        if changes.is_empty() {
            return Err(Problem::invalid_request(|t| t.nothing_to_change));
        }
        Ok(changes)
    }

    const fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.address.is_none()
            && self.role.is_none()
            && self.resources.is_none()
            && self.status.is_none()
    }

    /// Returns the user with these changes. A new address or status also moves the epoch, which
    /// voids all sessions and links.
    fn apply_to(&self, before: &User) -> User {
        let mut after = before.clone();
        if let Some(name) = &self.name {
            after.name.clone_from(name);
        }
        if let Some(address) = &self.address {
            after.address.clone_from(address);
        }
        if let Some(role) = &self.role {
            after.role.clone_from(role);
        }
        if let Some(resources) = &self.resources {
            after.resources.clone_from(resources);
        }
        if let Some(status) = self.status {
            after.status = status;
        }
        if after.address != before.address || after.status != before.status {
            after.epoch = before.epoch.next();
        }
        after
    }
}

impl Admin<'_> {
    pub(crate) async fn update(&self, request: &Request) -> Result<Response, Problem> {
        let changes = UserChanges::parse(request.json_body()?)?;
        let before = self
            .retry_on_conflict(request, async |user| {
                self.apply(request, user, &changes).await
            })
            .await?;
        let after = changes.apply_to(&before);
        let mut view = UserView::from(&after);
        if is_invited_again(&before, &after) {
            let waits_until = self.invitation_waits_until(self.app.clock.now()).await;
            // The change is made, whether or not this can be read.
            view.invitation_waits_until = waits_until.unwrap_or_default();
        }
        Ok(response::json(200, &view))
    }

    async fn apply(
        &self,
        request: &Request,
        before: &User,
        changes: &UserChanges,
    ) -> Result<UpdateOutcome, Problem> {
        let after = changes.apply_to(before);
        if after == *before {
            return Ok(UpdateOutcome::Updated);
        }
        let now = self.app.clock.now();
        let ring = self.app.keys.ring(now).await;
        let event = self.update_event(request, &ring, before, &after, now);
        let emails = if after.address == before.address {
            vec![]
        } else {
            self.emails_about_address(&ring, before, &after, now).await
        };
        let store = &self.app.store;
        Ok(store.update_user(before, &after, &emails, &event).await?)
    }

    /// Returns the notices of a new address to both addresses. A user who has not accepted the
    /// invitation is not told of a change: if they are still invited, the new address gets another
    /// invitation.
    async fn emails_about_address(
        &self,
        ring: &KeyRing,
        before: &User,
        after: &User,
        now: Timestamp,
    ) -> Vec<OutboxEntry> {
        if is_invited_again(before, after) {
            return vec![self.invitation(after, now).await];
        }
        match before.status {
            Status::Invited => vec![],
            _ => [&before.address, &after.address]
                .into_iter()
                .filter_map(|address| {
                    self.notice(ring, Notice::AddressChanged, after, address, now)
                })
                .collect(),
        }
    }

    /// Returns the audit event of a change: the names of the fields that differ, and the keyed
    /// hashes of both addresses if the address does.
    fn update_event(
        &self,
        request: &Request,
        ring: &KeyRing,
        before: &User,
        after: &User,
        now: Timestamp,
    ) -> AuditEvent {
        let mut event = self.audit_event(request, action(before, after), &before.id, now);
        if after.epoch != before.epoch {
            event = event.with_epoch(after.epoch);
        }
        let changed = changed_fields(before, after).join(", ");
        event.metadata.push(("changed", changed));
        if after.address != before.address {
            let hash = |user: &User| ring.address_hash(&user.address).to_string();
            event.metadata.push((ADDRESS_BEFORE, hash(before)));
            event.metadata.push(("address_after", hash(after)));
        }
        event
    }
}

/// Returns whether the change sends another invitation, to a new address.
fn is_invited_again(before: &User, after: &User) -> bool {
    let is_invited = before.status == Status::Invited && after.status == Status::Invited;
    is_invited && before.address != after.address
}

/// Returns the most important action of a change: a new status, then a new address.
fn action(before: &User, after: &User) -> Action {
    match (before.status, after.status) {
        (Status::Invited | Status::Active, Status::Suspended) => Action::Suspended,
        (Status::Suspended, Status::Active) => Action::Reactivated,
        (Status::Invited, Status::Active) => Action::Activated,
        _ if before.address != after.address => Action::AddressChanged,
        _ => Action::Changed,
    }
}

fn changed_fields(before: &User, after: &User) -> Vec<&'static str> {
    [
        ("name", before.name != after.name),
        ("email", before.address != after.address),
        ("role", before.role != after.role),
        ("resources", before.resources != after.resources),
        ("status", before.status != after.status),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}
