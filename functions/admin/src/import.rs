//! `POST /admin/users/import` adds users of another system.
//!
//! Takes `{users: [{email, name, role?, resources?, status?, password?}]}` with 1 to 25 users.
//! `status` is `active` (the default), `invited` or `suspended`. `password` is an Argon2id hash in
//! PHC format; it is stored, and never returned, logged or audited. No email is sent: `resend`
//! invites the users who are `invited`.
//!
//! Each user is added by a transaction of their own. Responds 200 `{results: [...]}` in the same
//! order: `{email, id}` for a user who was added, otherwise `{email, problem, detail}` with
//! `already-exists`, `invalid-request` or `unavailable`. After the first `unavailable` no further
//! user is tried.

use crate::user_fields::UserFields;
use crate::{Admin, already_exists};
use serde::{Deserialize, Serialize};
use shared::domain::audit::Action;
use shared::domain::ids::UserId;
use shared::domain::language::Language;
use shared::domain::language::sentences::fill;
use shared::domain::password::hash::PasswordHash;
use shared::domain::user::{Epoch, Resource, Status};
use shared::http::problem::ProblemType;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::store::users::{CreateOutcome, NewUser};

const MAX_USERS: usize = 25;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    users: Vec<ImportedUser>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportedUser {
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
    results: Vec<ImportResult>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ImportResult {
    Created {
        email: String,
        id: String,
    },
    Rejected {
        email: String,
        problem: &'static str,
        detail: String,
    },
}

impl From<ImportedUser> for UserFields {
    fn from(imported: ImportedUser) -> Self {
        Self {
            email: imported.email,
            name: imported.name,
            role: imported.role,
            resources: imported.resources,
            status: match imported.status {
                ImportedStatus::Active => Status::Active,
                ImportedStatus::Invited => Status::Invited,
                ImportedStatus::Suspended => Status::Suspended,
            },
        }
    }
}

impl ImportResult {
    fn new(email: String, added: Result<UserId, Problem>, language: Language) -> Self {
        match added {
            Ok(id) => Self::Created {
                email,
                id: id.to_string(),
            },
            Err(problem) => Self::Rejected {
                email,
                problem: problem.kind.name(),
                detail: problem.detail(language).into_owned(),
            },
        }
    }
}

impl Admin<'_> {
    pub(crate) async fn import(&self, request: &Request) -> Result<Response, Problem> {
        let Input { users } = request.json_body()?;
        if !(1..=MAX_USERS).contains(&users.len()) {
            return Err(Problem::invalid_field("users", |t| t.users_invalid));
        }
        let mut results = Vec::with_capacity(users.len());
        let mut store_is_up = true;
        for user in users {
            let email = user.email.clone();
            // While the store cannot be reached, each further user would wait for a timeout.
            let added = if store_is_up {
                self.import_user(request, user).await
            } else {
                Err(Problem::unavailable())
            };
            if let Err(problem) = &added {
                store_is_up &= problem.kind != ProblemType::Unavailable;
            }
            results.push(ImportResult::new(email, added, self.language));
        }
        let is_created = |result: &ImportResult| matches!(result, ImportResult::Created { .. });
        if store_is_up || results.iter().any(is_created) {
            Ok(response::json(200, &Output { results }))
        } else {
            Err(Problem::unavailable())
        }
    }

    async fn import_user(
        &self,
        request: &Request,
        imported: ImportedUser,
    ) -> Result<UserId, Problem> {
        let now = self.app.clock.now();
        let password = match &imported.password {
            Some(text) => Some(self.parse_hash(text)?),
            None => None,
        };
        let id = UserId::new(self.app.random.bytes());
        let epoch = Epoch::initial(self.app.random.bytes());
        let user = UserFields::from(imported).into_user(id, epoch, now)?;
        if user.status == Status::Invited && password.is_some() {
            return Err(Problem::invalid_field("password", |t| {
                t.password_of_invited
            }));
        }
        let event = self.audit_event(request, Action::Imported, &user.id, now);
        let new = NewUser {
            password: password.as_ref(),
            ..NewUser::from(&user)
        };
        match self.app.store.create_user(&new, &event).await? {
            CreateOutcome::Created => Ok(user.id),
            _ => Err(already_exists(|t| t.email_taken)),
        }
    }

    /// Parses a password hash. Fails with 400 for one that no password can be verified against on
    /// this portal, and says which parameter to set.
    fn parse_hash(&self, text: &str) -> Result<PasswordHash, Problem> {
        if self.app.passwords.require_enabled().is_err() {
            return Err(Problem::invalid_field("password", |t| {
                t.password_without_passwords
            }));
        }
        let hash = PasswordHash::parse(text)
            .ok_or_else(|| Problem::invalid_field("password", |t| t.hash_invalid))?;
        if self.app.passwords.accepts(&hash) {
            return Ok(hash);
        }
        let params = hash.costs();
        let costs = params.to_string();
        Err(Problem::invalid_field("password", move |t| {
            fill(t.hash_costs, &[("costs", &costs)])
        }))
    }
}
