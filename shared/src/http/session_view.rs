//! A session as its own user sees it.

use crate::domain::session::Session;
use serde::Serialize;

#[derive(Serialize)]
pub struct SessionView {
    id: String,
    created_at: String,
    expires_at: String,
    auth_time: String,
    amr: [&'static str; 1],
}

impl From<&Session> for SessionView {
    fn from(session: &Session) -> Self {
        Self {
            id: session.hash.to_string(),
            created_at: session.created_at.rfc3339(),
            expires_at: session.expires_at.rfc3339(),
            auth_time: session.auth_time.rfc3339(),
            amr: [session.auth_method.amr()],
        }
    }
}
