//! `POST /admin/users/import` adds users of another system: `{users: [{email, name, role?,
//! resources?, status?, password?}]}`, 1 to 25 of them, `status` being `active` (the default),
//! `invited` or `suspended`, and `password` an Argon2id PHC string. Nobody is mailed: `resend`
//! invites whoever is `invited`.
//!
//! Each is added by herself: 200 `{results: [...]}` in the same order, `{email, id}` for who is
//! there now, `{email, problem, detail}` for who is not, with `already-exists`, `invalid-request`,
//! or, from where the store could not be reached on, `unavailable`. A hash that no password could
//! ever be verified against here is refused, with what to set. A hash is stored, and neither
//! answered, logged nor audited.

use crate::user_view;
use crate::{Admin, taken};
use serde::{Deserialize, Serialize};
use shared::auth::request_email::parse_address;
use shared::domain::audit::Action;
use shared::domain::ids::UserId;
use shared::domain::password::hash::PasswordHash;
use shared::domain::user::{Resource, Status, User};
use shared::http::problem::ProblemType;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::store::users::{CreateOutcome, NewUser};

/// How many users one call takes.
const MOST: usize = 25;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    users: Vec<Import>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Import {
    email: String,
    name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    resources: Vec<Resource>,
    #[serde(default)]
    status: ImportedStatus,
    password: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum ImportedStatus {
    #[default]
    Active,
    Invited,
    Suspended,
}

#[derive(Serialize)]
struct Output {
    results: Vec<Outcome>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Created {
        email: String,
        id: String,
    },
    Refused {
        email: String,
        problem: &'static str,
        detail: String,
    },
}

impl Admin<'_> {
    pub(crate) async fn import(&self, request: &Request) -> Result<Response, Problem> {
        let Input { users } = request.json_body()?;
        if !(1..=MOST).contains(&users.len()) {
            return Err(Problem::invalid_request(
                "`users` must contain 1 to 25 users.",
            ));
        }
        let (mut results, mut added, mut reached) = (Vec::with_capacity(users.len()), false, true);
        for user in users {
            let email = user.email.clone();
            // Once the store cannot be reached, the others would only wait for it as well.
            let outcome = if reached {
                self.import_one(request, user).await
            } else {
                Err(Problem::unavailable())
            };
            results.push(match outcome {
                Ok(id) => {
                    added = true;
                    Outcome::Created {
                        email,
                        id: id.to_string(),
                    }
                }
                Err(problem) => {
                    reached &= problem.kind != ProblemType::Unavailable;
                    Outcome::Refused {
                        email,
                        problem: problem.kind.name(),
                        detail: problem.detail().to_owned(),
                    }
                }
            });
        }
        if added || reached {
            Ok(response::json(200, &Output { results }))
        } else {
            Err(Problem::unavailable())
        }
    }

    async fn import_one(&self, request: &Request, import: Import) -> Result<UserId, Problem> {
        let now = self.app.clock.now();
        let password = import
            .password
            .as_deref()
            .map(|hash| self.imported_hash(hash))
            .transpose()?;
        let (address, name) = (parse_address(&import.email)?, user_view::name(import.name)?);
        let status = match import.status {
            ImportedStatus::Active => Status::Active,
            ImportedStatus::Invited => Status::Invited,
            ImportedStatus::Suspended => Status::Suspended,
        };
        let (role, resources) = (
            user_view::role(import.role)?,
            user_view::resources(import.resources)?,
        );
        let user = User::new(
            UserId::new(self.app.random.bytes()),
            address,
            name,
            status,
            now,
        );
        let user = User {
            role,
            resources,
            ..user
        };
        if user.status == Status::Invited && password.is_some() {
            return Err(Problem::invalid_request(
                "Leave out `password` if `status` is `invited`. Invited users choose their own.",
            ));
        }
        let event = self.audit_event(request, Action::Imported, &user.id, now);
        let new = NewUser {
            password: password.as_ref(),
            ..NewUser::from(&user)
        };
        match self.app.store.create_user(&new, &event).await? {
            CreateOutcome::Created => Ok(user.id),
            CreateOutcome::AlreadyExists => Err(taken(user_view::TAKEN)),
        }
    }

    fn imported_hash(&self, text: &str) -> Result<PasswordHash, Problem> {
        if self.app.passwords.require_enabled().is_err() {
            return Err(Problem::invalid_request(
                "Leave out `password`. This portal does not use passwords.",
            ));
        }
        let hash = PasswordHash::parse(text).ok_or_else(|| {
            Problem::invalid_request(
                "`password` must be an Argon2id hash (PHC format, version 19) \
                 with at most m=131072,t=10,p=16.",
            )
        })?;
        if self.app.passwords.accepts(&hash) {
            return Ok(hash);
        }
        let costs = hash.costs();
        Err(Problem::invalid_request(format!(
            "`password` was hashed with {costs}, which this portal does not accept. \
             Set `PreviousArgon2` to {costs}."
        )))
    }
}
