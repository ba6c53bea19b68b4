//! Users of the portal.

use super::address::EmailAddress;
use super::characters::{is_invisible, is_printable};
use super::ids::UserId;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Counts how often all links and sessions of a user were revoked at once. A link or session is
/// void when the user's epoch is no longer the one it was issued under. No clocks are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(u64);

impl Epoch {
    /// Returns the epoch of a new user: 32 random bits, followed by 16 bits that count. Nothing
    /// that was issued to an erased user is valid for a new one, even under the same id.
    pub const fn initial(random: [u8; 4]) -> Self {
        Self((u32::from_be_bytes(random) as u64) << 16)
    }

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

/// The status of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Invited, and has not signed in yet.
    Invited,
    Active,
    /// May not sign in until an administrator reactivates the user.
    Suspended,
}

impl Status {
    /// Returns the stored `status`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// Parses the stored `status`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Invited, Self::Active, Self::Suspended]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// An item that the portal shows to a user, such as the status page of a partner. Vestibule stores
/// and returns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    #[serde(rename = "type")]
    pub kind: String,
    /// Id that the portal gave to the resource.
    pub id: String,
    /// Display name of the resource.
    pub name: String,
    /// Part of the resource's URLs.
    pub slug: String,
}

/// Returns whether `text` can be a user's name: 1 to 120 printable characters, at least one of them
/// visible.
pub fn is_name(text: &str) -> bool {
    text.chars().count() <= 120 && is_printable(text) && !text.chars().all(is_invisible)
}

/// A user of the portal as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// Unique address: its claim is created and changed together with the user.
    pub address: EmailAddress,
    pub name: String,
    /// A word of the portal. Vestibule stores and returns it.
    pub role: String,
    pub resources: Vec<Resource>,
    pub status: Status,
    /// Epoch that valid links and sessions were issued under.
    pub epoch: Epoch,
    pub created_at: Timestamp,
    pub last_sign_in_at: Option<Timestamp>,
}

impl User {
    /// Returns a user created at `now`, with no role and no resources.
    pub fn new(
        id: UserId,
        epoch: Epoch,
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
            epoch,
            created_at: now,
            last_sign_in_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_parses_from_its_stored_form() {
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
