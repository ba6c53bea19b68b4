//! `POST /admin/users` adds a user.
//!
//! Takes `{email, name, role?, resources?, status?}`. `status` is `invited` (the default) or
//! `active`. An invited user is sent an invitation: with `Activation=link` a sign-in link,
//! otherwise a link to set their first password.
//!
//! Responds 201 with the user, and `invitation_waits_until` where today's budget of invitations is
//! used up, or 409 `already-exists` where another user has the address. With an
//! `Idempotency-Key` header, a repeat returns the user as they are now and changes nothing. The
//! same key with another body is 422 `idempotency-key-reused`. A key never brings back a user who
//! has been erased.

use crate::user_fields::UserFields;
use crate::user_view::UserView;
use crate::{Admin, already_exists};
use serde::Deserialize;
use shared::domain::audit::Action;
use shared::domain::ids::{KeyedHash, UserId};
use shared::domain::time::Timestamp;
use shared::domain::user::{Epoch, Resource, Status, User};
use shared::http::problem::ProblemType;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::keys::KeyRing;
use shared::store::users::{CreateOutcome, NewUser};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    email: String,
    name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    resources: Vec<Resource>,
    #[serde(default)]
    status: InitialStatus,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum InitialStatus {
    #[default]
    Invited,
    Active,
}

impl From<Input> for UserFields {
    fn from(input: Input) -> Self {
        Self {
            email: input.email,
            name: input.name,
            role: input.role,
            resources: input.resources,
            status: match input.status {
                InitialStatus::Invited => Status::Invited,
                InitialStatus::Active => Status::Active,
            },
        }
    }
}

impl Admin<'_> {
    pub(crate) async fn create(&self, request: &Request) -> Result<Response, Problem> {
        let key = idempotency_key(request)?;
        let fields = UserFields::from(request.json_body::<Input>()?);
        let now = self.app.clock.now();
        let ring = self.app.keys.ring(now).await;
        // A repeat finds the user whom the first call added, under the same id.
        let id = key.map_or_else(
            || self.app.random.bytes(),
            |key| ring.keyed_hash(&["idempotency", key]).first_16(),
        );
        let epoch = Epoch::initial(self.app.random.bytes());
        let user = fields.into_user(UserId::new(id), epoch, now)?;
        let digest = key.map(|_| digest(&ring, &user));
        let waits_until = match user.status {
            Status::Invited => self.invitation_waits_until(now).await?,
            Status::Active | Status::Suspended => None,
        };
        match self
            .create_user(request, &user, digest.as_ref(), now)
            .await?
        {
            CreateOutcome::Created => Ok(created(&user, waits_until)),
            CreateOutcome::IdUsed(earlier) if earlier.request == digest => {
                Ok(created(&earlier.user, None))
            }
            CreateOutcome::IdUsed(_) => Err(Problem::new(ProblemType::IdempotencyKeyReused, |t| {
                t.key_used_with_other_body
            })),
            CreateOutcome::AlreadyExists => Err(already_exists(|t| t.email_taken)),
            CreateOutcome::Erased => Err(already_exists(|t| t.key_of_erased_user)),
        }
    }

    /// Adds the user, with their invitation if they are invited.
    async fn create_user(
        &self,
        request: &Request,
        user: &User,
        digest: Option<&KeyedHash>,
        now: Timestamp,
    ) -> Result<CreateOutcome, Problem> {
        let is_invited = user.status == Status::Invited;
        let action = if is_invited {
            Action::Invited
        } else {
            Action::Added
        };
        let event = self.audit_event(request, action, &user.id, now);
        let invitation = self.invitation(user, now).await;
        let new = NewUser {
            email: is_invited.then_some(&invitation),
            request: digest,
            ..NewUser::from(user)
        };
        Ok(self.app.store.create_user(&new, &event).await?)
    }
}

/// Returns the `Idempotency-Key` header. Fails with 400 where its length or a character is not
/// allowed.
fn idempotency_key(request: &Request) -> Result<Option<&str>, Problem> {
    let Some(key) = request.header_bytes("idempotency-key") else {
        return Ok(None);
    };
    let is_valid = (1..=128).contains(&key.len()) && key.iter().all(|b| matches!(b, b' '..=b'~'));
    let key = str::from_utf8(key).ok().filter(|_| is_valid);
    key.map(Some)
        .ok_or_else(|| Problem::invalid_field("Idempotency-Key", |t| t.idempotency_header_invalid))
}

/// Returns a digest of the fields that a request sets.
fn digest(ring: &KeyRing, user: &User) -> KeyedHash {
    let mut parts = vec![
        "create-user",
        user.address.as_str(),
        &user.name,
        &user.role,
        user.status.as_str(),
    ];
    for resource in &user.resources {
        parts.extend([
            resource.kind.as_str(),
            &resource.id,
            &resource.name,
            &resource.slug,
        ]);
    }
    ring.keyed_hash(&parts)
}

fn created(user: &User, invitation_waits_until: Option<String>) -> Response {
    let mut view = UserView::from(user);
    view.invitation_waits_until = invitation_waits_until;
    response::json(201, &view)
}
