//! Users.

use super::address::EmailAddress;
use super::ids::UserId;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Counts the moments at which everything a user held became void. A link or session is dead when
/// the user's epoch is no longer the one it was minted under; no clock is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch of a new user.
    pub const INITIAL: Self = Self(0);

    /// Restores an epoch from its stored number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number to store.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the epoch after this one: everything issued before it becomes void.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Whether a user may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Has been asked, has not come yet.
    Invited,
    /// May sign in.
    Active,
    /// May not, until an administrator says so.
    Suspended,
}

impl Status {
    /// As stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// From its stored form.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Invited, Self::Active, Self::Suspended]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// Something the portal shows this user: the status page of a partner, say. Vestibule only carries
/// it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// The portal's own id of it.
    pub id: String,
    /// For people.
    pub name: String,
    /// For URLs.
    pub slug: String,
}

/// Whether this may be a user's name: 1 to 120 printable characters, not only spaces.
pub fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= 120 && !text.chars().any(char::is_control)
}

/// Who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Never changes.
    pub id: UserId,
    /// Unique: its claim is created and changed together with the user.
    pub address: EmailAddress,
    /// For people.
    pub name: String,
    /// The portal's own word; Vestibule only carries it.
    pub role: String,
    /// What the portal shows this user.
    pub resources: Vec<Resource>,
    /// Whether she may sign in.
    pub status: Status,
    /// What links and sessions must have been minted under.
    pub epoch: Epoch,
    /// When she was added.
    pub created_at: Timestamp,
    /// When she last signed in, if she ever has.
    pub last_sign_in_at: Option<Timestamp>,
}

impl User {
    /// One who is new at `now`: no role, no resources, nothing minted for her yet.
    pub fn new(
        id: UserId,
        address: EmailAddress,
        name: String,
        status: Status,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            address,
            name,
            role: String::new(),
            resources: vec![],
            status,
            epoch: Epoch::INITIAL,
            created_at: now,
            last_sign_in_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_as_it_was_stored() {
        for (status, stored) in [
            (Status::Invited, "invited"),
            (Status::Active, "active"),
            (Status::Suspended, "suspended"),
        ] {
            assert_eq!(
                (status.as_str(), Status::parse(stored)),
                (stored, Some(status))
            );
        }
        assert_eq!(Status::parse(""), None);
    }
}
