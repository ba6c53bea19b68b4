//! `POST /admin/users` adds a user.
//!
//! Takes `{email, name, role?, resources?, status?}`. `status` is `invited` (the default) or
//! `active`. An invited user is sent an invitation: with `Activation=link` a sign-in link,
//! otherwise a link to set their first password.
//!
//! Responds 201 with the user, or 409 `already-exists` where another user has the address. With an
//! `Idempotency-Key` header, a repeat gets the same response and changes nothing. It never brings
//! back a user who has been erased.

use crate::user_fields::UserFields;
use crate::user_view::UserView;
use crate::{Admin, EMAIL_TAKEN, already_exists};
use serde::Deserialize;
use shared::domain::audit::Action;
use shared::domain::ids::UserId;
use shared::domain::time::Timestamp;
use shared::domain::user::{Resource, Status, User};
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::store::EventFilter;
use shared::store::users::{CreateOutcome, NewUser};

const EMAIL_TAKEN_OR_KEY_REUSED: &str = "Another user has this email address, \
    or this `Idempotency-Key` was used for another user.";

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
        let input: Input = request.json_body()?;
        let now = self.app.clock.now();
        let Some(key) = request.header("idempotency-key") else {
            let id = UserId::new(self.app.random.bytes());
            let user = UserFields::from(input).into_user(id, now)?;
            return match self.create_user(request, &user, now).await? {
                CreateOutcome::Created => Ok(created(&user)),
                CreateOutcome::AlreadyExists => Err(already_exists(EMAIL_TAKEN)),
            };
        };
        let id = self.id_from_key(key, now).await?;
        let user = UserFields::from(input).into_user(id, now)?;
        if self.is_erased(&user.id).await? {
            return Err(already_exists(
                "The user created with this `Idempotency-Key` has been erased. Use a new key.",
            ));
        }
        match self.create_user(request, &user, now).await? {
            CreateOutcome::Created => Ok(created(&user)),
            CreateOutcome::AlreadyExists => {
                let earlier = self.app.store.find_user(&user.id).await?;
                let same = earlier.filter(|earlier| earlier.address == user.address);
                same.map(|earlier| created(&earlier))
                    .ok_or_else(|| already_exists(EMAIL_TAKEN_OR_KEY_REUSED))
            }
        }
    }

    /// Adds the user, with their invitation if they are invited.
    async fn create_user(
        &self,
        request: &Request,
        user: &User,
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
            ..NewUser::from(user)
        };
        Ok(self.app.store.create_user(&new, &event).await?)
    }

    /// Derives the user's id from the idempotency key, so that a repeat finds the user whom the
    /// first call added. Fails with 400 for a key that is not 1 to 128 characters long.
    async fn id_from_key(&self, key: &str, now: Timestamp) -> Result<UserId, Problem> {
        if !(1..=128).contains(&key.len()) {
            return Err(Problem::invalid_request(
                "`Idempotency-Key` must be 1 to 128 characters.",
            ));
        }
        let ring = self.app.keys.ring(now).await;
        let hash = ring.keyed_hash(&["idempotency", key]);
        Ok(UserId::new(hash.first_16()))
    }

    /// Returns whether a user with this id was erased. Links issued to an erased user must not work
    /// for a new user with the same id.
    async fn is_erased(&self, id: &UserId) -> Result<bool, Problem> {
        let erased = Action::Erased.of(&self.app.config.portal);
        let filter = EventFilter::Action(&erased);
        let events = self.app.store.find_events(&id.into(), filter).await?;
        Ok(!events.is_empty())
    }
}

fn created(user: &User) -> Response {
    response::json(201, &UserView::from(user))
}
