//! A user on the wire: what may be said of her, and what is shown.

use serde::{Deserialize, Deserializer, Serialize};
use shared::domain::user::{Resource, User, is_name};
use shared::http::Problem;

/// How many resources a user may have: an item of DynamoDB holds 400 KB.
const MOST_RESOURCES: usize = 200;

pub(crate) const TAKEN: &str = "Another user has this email address.";

/// What every answer shows of a user.
#[derive(Serialize)]
pub(crate) struct UserView<'a> {
    id: &'a str,
    email: &'a str,
    name: &'a str,
    role: &'a str,
    resources: &'a [Resource],
    status: &'static str,
    created_at: String,
}

impl<'a> From<&'a User> for UserView<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.id.as_str(),
            email: user.address.as_str(),
            name: &user.name,
            role: &user.role,
            resources: &user.resources,
            status: user.status.as_str(),
            created_at: user.created_at.rfc3339(),
        }
    }
}

/// For a field that may be left out, but not be null.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    field: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

pub(crate) fn name(text: String) -> Result<String, Problem> {
    let invalid = || Problem::invalid_request("`name` must be 1 to 120 printable characters.");
    is_name(&text).then_some(text).ok_or_else(invalid)
}

pub(crate) fn role(text: String) -> Result<String, Problem> {
    let invalid = || Problem::invalid_request("`role` must be at most 60 printable characters.");
    is_plain(&text, 60).then_some(text).ok_or_else(invalid)
}

pub(crate) fn resources(all: Vec<Resource>) -> Result<Vec<Resource>, Problem> {
    let whole = |Resource {
                     kind,
                     id,
                     name,
                     slug,
                 }: &Resource| {
        [kind, id, name, slug]
            .into_iter()
            .all(|text| is_plain(text, 200))
    };
    let invalid = || {
        Problem::invalid_request(
            "`resources` may hold at most 200 items, with at most 200 printable characters in \
             each field.",
        )
    };
    (all.len() <= MOST_RESOURCES && all.iter().all(whole))
        .then_some(all)
        .ok_or_else(invalid)
}

fn is_plain(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.chars().any(char::is_control)
}
