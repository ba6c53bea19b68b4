//! The fields of a user as administrators send them.

use serde::{Deserialize, Deserializer};
use shared::auth::request_email::{parse_address, parse_name};
use shared::domain::characters::is_printable;
use shared::domain::ids::UserId;
use shared::domain::time::Timestamp;
use shared::domain::user::{Epoch, Resource, Status, User};
use shared::http::Problem;

const MAX_RESOURCES: usize = 200;
const MAX_RESOURCE_CHARS: usize = 200;
const MAX_ROLE_CHARS: usize = 60;

/// The fields of a new user, not yet checked.
pub(crate) struct UserFields {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) resources: Vec<Resource>,
    pub(crate) status: Status,
}

impl UserFields {
    /// Returns a new user with these fields. Fails with 400 where one is invalid.
    pub(crate) fn into_user(
        self,
        id: UserId,
        epoch: Epoch,
        now: Timestamp,
    ) -> Result<User, Problem> {
        let address = parse_address(&self.email)?;
        let name = parse_name(self.name)?;
        let role = parse_role(self.role)?;
        let resources = parse_resources(self.resources)?;
        Ok(User {
            role,
            resources,
            ..User::new(id, epoch, address, name, self.status, now)
        })
    }
}

pub(crate) fn parse_role(text: String) -> Result<String, Problem> {
    let invalid = || Problem::invalid_field("role", |t| t.role_invalid);
    is_short(&text, MAX_ROLE_CHARS)
        .then_some(text)
        .ok_or_else(invalid)
}

pub(crate) fn parse_resources(resources: Vec<Resource>) -> Result<Vec<Resource>, Problem> {
    let is_valid = |resource: &Resource| {
        [&resource.kind, &resource.id, &resource.name, &resource.slug]
            .into_iter()
            .all(|text| is_short(text, MAX_RESOURCE_CHARS))
    };
    if resources.len() <= MAX_RESOURCES && resources.iter().all(is_valid) {
        return Ok(resources);
    }
    Err(Problem::invalid_field("resources", |t| t.resources_invalid))
}

/// Reads a field that may be left out but must not be `null`.
pub(crate) fn not_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    field: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

fn is_short(text: &str, max_chars: usize) -> bool {
    text.chars().count() <= max_chars && is_printable(text)
}
