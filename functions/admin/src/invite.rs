//! `POST /admin/users` adds a user: `{email, name, role?, resources?, status?}`, `status` being
//! `invited` (the default) or `active`. An invited one is mailed how to begin: where the first link
//! activates, a link that signs in, else one that sets her first password. Answers 201 `{id, email,
//! name, role, resources, status, created_at}`; 409 `already-exists` where the address is
//! somebody's. With an `Idempotency-Key`, a repeat gets the same answer and changes nothing; it
//! never brings a user back who has been erased.
//!
//! `POST /admin/users/{id}/resend` mails the invitation again, and the link that she has stops
//! working: 202; 409 `conflict` where she is not invited any more.

use crate::user_view::{self, UserView};
use crate::{Act, Admin, taken};
use serde::Deserialize;
use shared::auth::request_email::parse_address;
use shared::domain::audit::Action;
use shared::domain::email::EmailKind;
use shared::domain::ids::UserId;
use shared::domain::time::Timestamp;
use shared::domain::user::{Resource, Status, User};
use shared::http::problem::ProblemType;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::store::EventFilter;
use shared::store::users::UpdateOutcome;
use shared::store::users::{CreateOutcome, NewUser};

const TAKEN_OR_REUSED: &str = "Another user has this email address, \
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
    status: NewStatus,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum NewStatus {
    #[default]
    Invited,
    Active,
}

impl Admin<'_> {
    pub(crate) async fn invite(&self, request: &Request) -> Result<Response, Problem> {
        let input: Input = request.json_body()?;
        let now = self.app.clock.now();
        let key = request.header("idempotency-key");
        let user = new_user(input, self.new_id(key, now).await?, now)?;
        if key.is_some() && self.is_erased(&user.id).await? {
            return Err(taken(
                "The user created with this `Idempotency-Key` has been erased. Use a new key.",
            ));
        }
        let invited = user.status == Status::Invited;
        let event = self.audit_event(
            request,
            if invited {
                Action::Invited
            } else {
                Action::Added
            },
            &user.id,
            now,
        );
        let wanted = EmailKind::Invitation(user.id.clone(), user.epoch);
        let mail = self.app.outbox_entry(
            &*self.app.keys.ring(now).await,
            user.address.clone(),
            wanted,
            now,
        );
        let email = invited.then_some(&mail);
        match self
            .app
            .store
            .create_user(
                &NewUser {
                    email,
                    ..NewUser::from(&user)
                },
                &event,
            )
            .await?
        {
            CreateOutcome::Created => Ok(response::json(201, &UserView::from(&user))),
            CreateOutcome::AlreadyExists => {
                let earlier = if key.is_some() {
                    self.app.store.find_user(&user.id).await?
                } else {
                    None
                };
                let same = earlier.filter(|earlier| earlier.address == user.address);
                let detail = if key.is_some() {
                    TAKEN_OR_REUSED
                } else {
                    user_view::TAKEN
                };
                same.map(|earlier| response::json(201, &UserView::from(&earlier)))
                    .ok_or_else(|| taken(detail))
            }
        }
    }

    pub(crate) async fn resend(&self, request: &Request) -> Result<Response, Problem> {
        #[derive(serde::Serialize)]
        struct Output {
            success: bool,
        }
        request.empty_json()?;
        self.act(request, Act::Resend).await?;
        Ok(response::json(202, &Output { success: true }))
    }

    pub(crate) async fn resend_to(
        &self,
        request: &Request,
        user: &User,
    ) -> Result<UpdateOutcome, Problem> {
        if user.status != Status::Invited {
            return Err(Problem::new(
                ProblemType::Conflict,
                "Only users with the status `invited` can be invited again.",
            ));
        }
        let now = self.app.clock.now();
        let after = User {
            epoch: user.epoch.next(),
            ..user.clone()
        };
        let wanted = EmailKind::Invitation(user.id.clone(), after.epoch);
        let mail = self.app.outbox_entry(
            &*self.app.keys.ring(now).await,
            user.address.clone(),
            wanted,
            now,
        );
        let event = self.audit_event(request, Action::InvitationResent, &user.id, now);
        Ok(self
            .app
            .store
            .update_user(user, &after, &[mail], &event)
            .await?)
    }

    /// A random id; with an idempotency key always the same for the same key, so that the second of
    /// two calls finds the first one's user.
    async fn new_id(&self, key: Option<&str>, now: Timestamp) -> Result<UserId, Problem> {
        let Some(key) = key else {
            return Ok(UserId::new(self.app.random.bytes()));
        };
        if !(1..=128).contains(&key.len()) {
            return Err(Problem::invalid_request(
                "`Idempotency-Key` must be 1 to 128 characters.",
            ));
        }
        let hash = self
            .app
            .keys
            .ring(now)
            .await
            .keyed_hash(&["idempotency", key]);
        let mut id = [0; 16];
        id.iter_mut()
            .zip(hash.as_bytes())
            .for_each(|(byte, from)| *byte = *from);
        Ok(UserId::new(id))
    }

    /// Whether there was a user with this id: whoever had it once must not come back with what was
    /// minted for her then.
    async fn is_erased(&self, id: &UserId) -> Result<bool, Problem> {
        let erased = Action::Erased.of(&self.app.config.portal);
        Ok(!self
            .app
            .store
            .find_events(&id.into(), EventFilter::Action(&erased))
            .await?
            .is_empty())
    }
}

fn new_user(input: Input, id: UserId, now: Timestamp) -> Result<User, Problem> {
    let (address, name) = (parse_address(&input.email)?, user_view::name(input.name)?);
    let status = match input.status {
        NewStatus::Invited => Status::Invited,
        NewStatus::Active => Status::Active,
    };
    let (role, resources) = (
        user_view::role(input.role)?,
        user_view::resources(input.resources)?,
    );
    Ok(User {
        role,
        resources,
        ..User::new(id, address, name, status, now)
    })
}
