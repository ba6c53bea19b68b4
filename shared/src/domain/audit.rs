//! The audit: what happened, and to whom.

use super::agent::Client;
use super::ids::{Peppered, UserId};
use super::time::Timestamp;
use std::collections::BTreeMap;
use std::fmt;

/// Whose history something belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A user's.
    User(UserId),
    /// An address's, whether or not it is a user's: its keyed hash.
    Address(Peppered),
}

impl From<&UserId> for Subject {
    fn from(user: &UserId) -> Self {
        Self::User(user.clone())
    }
}

impl From<Peppered> for Subject {
    fn from(address: Peppered) -> Self {
        Self::Address(address)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => user.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// `<portal>.login` and so on.
    pub action: String,
    /// Whose history it belongs to.
    pub subject: Subject,
    /// The kind and the id of what it was done with.
    pub resource: (&'static str, String),
    /// What else is worth knowing.
    pub metadata: Vec<(&'static str, String)>,
    /// From where.
    pub client: Client,
    /// When.
    pub at: Timestamp,
    /// Until when the record is kept.
    pub expires_at: Timestamp,
}

/// A record of the audit, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// `<portal>.login` and so on.
    pub action: String,
    /// The kind and the id of what it was done with.
    pub resource: (String, String),
    /// What else is known.
    pub metadata: BTreeMap<String, String>,
    /// From where.
    pub client: Client,
    /// When.
    pub at: Timestamp,
}
