//! The audit: what happened, and to whom.

use super::ids::{KeyedHash, RecordId, SessionHash, UserId};
use super::portal::PortalName;
use super::time::Timestamp;
use crate::domain::client::ClientInfo;
use std::collections::BTreeMap;
use std::fmt;

/// Whose history something belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A user's.
    User(UserId),
    /// An address's, whether or not it is a user's: its keyed hash.
    Address(KeyedHash),
}

impl From<&UserId> for Subject {
    fn from(user: &UserId) -> Self {
        Self::User(user.clone())
    }
}

impl From<KeyedHash> for Subject {
    fn from(address: KeyedHash) -> Self {
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

/// What can happen. `docs/audit.md` says of each when it is written down, and what with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A session began.
    Login,
    /// A wrong password.
    LoginFailed,
    /// Somebody asked for a mail to sign in with, and it was taken up for a user.
    LoginRequested,
    /// Somebody asked for another password, and the mail was taken up for a user.
    PasswordResetRequested,
    /// Somebody signed up, and the mail was taken up.
    SignUpRequested,
    /// An invitation was taken up to be mailed.
    InvitationEmailed,
    /// A notice was taken up to be mailed.
    NoticeEmailed,
    /// A user ended her session.
    Logout,
    /// A user ended one of her sessions.
    SessionRevoked,
    /// All sessions of a user were ended, or all but one.
    SessionsRevoked,
    /// An invited user became active.
    Activated,
    /// A user set another password.
    PasswordReset,
    /// A user was added by her own wish.
    SignedUp,
    /// A user was added, and mailed how to begin.
    Invited,
    /// She was mailed again.
    InvitationResent,
    /// A user was added who may sign in at once.
    Added,
    /// A user of another system was added.
    Imported,
    /// Name, role or resources of a user were changed.
    Changed,
    /// A user's address was changed.
    AddressChanged,
    /// A user may not sign in any more.
    Suspended,
    /// She may again.
    Reactivated,
    /// A user was erased.
    Erased,
}

impl Action {
    /// As stored, after the portal's name, and how much it weighs: `warning` is what an attack
    /// would leave behind.
    const fn facts(self) -> (&'static str, &'static str) {
        match self {
            Self::Login => ("login", "info"),
            Self::LoginFailed => ("login.failed", "warning"),
            Self::LoginRequested => ("login.requested", "info"),
            Self::PasswordResetRequested => ("password.reset.requested", "info"),
            Self::SignUpRequested => ("sign-up.requested", "info"),
            Self::InvitationEmailed => ("invitation.emailed", "info"),
            Self::NoticeEmailed => ("notice.emailed", "info"),
            Self::Logout => ("logout", "info"),
            Self::SessionRevoked => ("session.revoked", "info"),
            Self::SessionsRevoked => ("sessions.revoked", "info"),
            Self::Activated => ("activated", "info"),
            Self::PasswordReset => ("password.reset", "warning"),
            Self::SignedUp => ("signed-up", "info"),
            Self::Invited => ("invited", "info"),
            Self::InvitationResent => ("invitation.resent", "info"),
            Self::Added => ("added", "info"),
            Self::Imported => ("imported", "info"),
            Self::Changed => ("changed", "info"),
            Self::AddressChanged => ("address.changed", "warning"),
            Self::Suspended => ("suspended", "warning"),
            Self::Reactivated => ("reactivated", "info"),
            Self::Erased => ("erased", "warning"),
        }
    }

    /// `<portal>.login` and so on.
    pub fn of(self, portal: &PortalName) -> String {
        format!("{portal}.{}", self.facts().0)
    }

    /// `info` or `warning`.
    pub const fn severity(self) -> &'static str {
        self.facts().1
    }
}

/// The session, email, user or address that an action was done with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A session, named by its hash.
    Session(SessionHash),
    /// An email, named by its id in the outbox.
    Email(RecordId),
    /// A user.
    User(UserId),
    /// An address, named by its keyed hash.
    Address(KeyedHash),
}

impl Target {
    /// Returns the stored `resource_type`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Email(_) => "email",
            Self::User(_) => "user",
            Self::Address(_) => "address",
        }
    }

    /// Returns the stored `resource_id`.
    pub fn id(&self) -> String {
        match self {
            Self::Session(hash) => hash.to_string(),
            Self::Email(id) => id.as_str().to_owned(),
            Self::User(id) => id.to_string(),
            Self::Address(hash) => hash.to_string(),
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    /// In which portal.
    pub portal: PortalName,
    /// What.
    pub action: Action,
    /// Whose history it belongs to.
    pub subject: Subject,
    /// The item the action was done with.
    pub target: Target,
    /// What else is worth knowing.
    pub metadata: Vec<(&'static str, String)>,
    /// From where.
    pub client: ClientInfo,
    /// When.
    pub at: Timestamp,
    /// Until when the record is kept.
    pub expires_at: Timestamp,
}

/// A record of the audit, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// `<portal>.login` and so on.
    pub action: String,
    /// The stored `resource_type` and `resource_id`.
    pub target: (String, String),
    /// What else is known.
    pub metadata: BTreeMap<String, String>,
    /// From where.
    pub client: ClientInfo,
    /// When.
    pub at: Timestamp,
}
