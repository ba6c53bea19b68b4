//! `PATCH /admin/users/{id}` changes what is given of `{name, email, role, resources, status}`:
//! 200, and the user as she is then. What is so already is no change, and where there is none,
//! nothing is written.
//!
//! `status` is `active` or `suspended`. Either, and another address, voids every session and link
//! there is, for good: whoever is active again signs in again, and whoever is still invited is
//! invited again with `resend`. Another address is told to both; 409 `already-exists` where it is
//! another user's.

use crate::end::ADDRESS_BEFORE;
use crate::user_view::{self, UserView, given};
use crate::{Act, Admin};
use serde::Deserialize;
use shared::auth::request_email::parse_address;
use shared::domain::address::EmailAddress;
use shared::domain::audit::Action;
use shared::domain::email::{EmailKind, Notice, OutboxEntry};
use shared::domain::time::Timestamp;
use shared::domain::user::{Resource, Status, User};
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::keys::KeyRing;
use shared::store::users::UpdateOutcome;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    #[serde(default, deserialize_with = "given")]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    email: Option<String>,
    #[serde(default, deserialize_with = "given")]
    role: Option<String>,
    #[serde(default, deserialize_with = "given")]
    resources: Option<Vec<Resource>>,
    #[serde(default, deserialize_with = "given")]
    status: Option<OtherStatus>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum OtherStatus {
    Active,
    Suspended,
}

/// What is to be different.
pub(crate) struct Change {
    name: Option<String>,
    address: Option<EmailAddress>,
    role: Option<String>,
    resources: Option<Vec<Resource>>,
    status: Option<Status>,
}

impl Change {
    fn parse(input: Input) -> Result<Self, Problem> {
        let change = Self {
            name: input.name.map(user_view::name).transpose()?,
            address: input.email.as_deref().map(parse_address).transpose()?,
            role: input.role.map(user_view::role).transpose()?,
            resources: input.resources.map(user_view::resources).transpose()?,
            status: input.status.map(|status| match status {
                OtherStatus::Active => Status::Active,
                OtherStatus::Suspended => Status::Suspended,
            }),
        };
        let none = change.name.is_none()
            && change.address.is_none()
            && change.role.is_none()
            && change.resources.is_none()
            && change.status.is_none();
        if none {
            return Err(Problem::invalid_request(
                "Send at least one of `name`, `email`, `role`, `resources` and `status`.",
            ));
        }
        Ok(change)
    }

    /// What it makes of a user.
    fn of(&self, before: &User) -> User {
        let mut after = before.clone();
        after
            .name
            .clone_from(self.name.as_ref().unwrap_or(&before.name));
        after
            .address
            .clone_from(self.address.as_ref().unwrap_or(&before.address));
        after
            .role
            .clone_from(self.role.as_ref().unwrap_or(&before.role));
        after
            .resources
            .clone_from(self.resources.as_ref().unwrap_or(&before.resources));
        after.status = self.status.unwrap_or(before.status);
        if after.address != before.address || after.status != before.status {
            after.epoch = before.epoch.next();
        }
        after
    }
}

impl Admin<'_> {
    pub(crate) async fn change(&self, request: &Request) -> Result<Response, Problem> {
        let change = Change::parse(request.json_body()?)?;
        let before = self.act(request, Act::Change(&change)).await?;
        Ok(response::json(200, &UserView::from(&change.of(&before))))
    }

    pub(crate) async fn change_to(
        &self,
        request: &Request,
        before: &User,
        change: &Change,
    ) -> Result<UpdateOutcome, Problem> {
        let after = change.of(before);
        if after == *before {
            return Ok(UpdateOutcome::Updated);
        }
        let now = self.app.clock.now();
        let ring = self.app.keys.ring(now).await;
        let mut event = self.audit_event(request, action(before, &after), &before.id, now);
        event.metadata.push(("changed", changed(before, &after)));
        let mut mails = vec![];
        if after.address != before.address {
            event.metadata.push((
                ADDRESS_BEFORE,
                ring.address_hash(&before.address).to_string(),
            ));
            event.metadata.push((
                "address_after",
                ring.address_hash(&after.address).to_string(),
            ));
            mails.extend(
                [&before.address, &after.address]
                    .map(|address| self.notice(&ring, address, &after, now)),
            );
        }
        Ok(self
            .app
            .store
            .update_user(before, &after, &mails, &event)
            .await?)
    }

    fn notice(
        &self,
        ring: &KeyRing,
        address: &EmailAddress,
        user: &User,
        now: Timestamp,
    ) -> OutboxEntry {
        let wanted = EmailKind::Notice(Notice::AddressChanged, user.id.clone(), user.epoch);
        self.app.outbox_entry(ring, address.clone(), wanted, now)
    }
}

/// The weightiest thing that has happened.
fn action(before: &User, after: &User) -> Action {
    match (before.status, after.status) {
        (Status::Invited | Status::Active, Status::Suspended) => Action::Suspended,
        (Status::Suspended, Status::Active) => Action::Reactivated,
        (Status::Invited, Status::Active) => Action::Activated,
        _ if before.address != after.address => Action::AddressChanged,
        _ => Action::Changed,
    }
}

/// The names of the fields that are different.
fn changed(before: &User, after: &User) -> String {
    let fields = [
        ("name", before.name != after.name),
        ("email", before.address != after.address),
        ("role", before.role != after.role),
        ("resources", before.resources != after.resources),
        ("status", before.status != after.status),
    ];
    let names: Vec<_> = fields
        .into_iter()
        .filter(|(_, different)| *different)
        .map(|(name, _)| name)
        .collect();
    names.join(", ")
}
