//! A user as every response shows them.

use serde::Serialize;
use shared::domain::user::{Resource, User};

#[derive(Serialize)]
pub(crate) struct UserView<'a> {
    id: &'a str,
    email: &'a str,
    name: &'a str,
    role: &'a str,
    resources: &'a [Resource],
    status: &'static str,
    created_at: String,
    /// Time before which the invitation that this request sends is not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) invitation_waits_until: Option<String>,
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
            invitation_waits_until: None,
        }
    }
}
