//! Audit events and the records read back from the audit.

use super::ids::{KeyedHash, RecordId, SessionHash, UserId};
use super::portal::PortalName;
use super::time::Timestamp;
use super::user::Epoch;
use crate::domain::client::ClientInfo;
use std::collections::BTreeMap;
use std::fmt;

/// The metadata of a session's start: the way in which its user signed in.
pub const AUTH_METHOD: &str = "auth_method";
/// The metadata of a session's start: the end of its lifetime, in RFC 3339.
pub const EXPIRES_AT: &str = "expires_at";
/// The metadata of a session's start: the session that the same browser had before.
pub const REPLACED: &str = "replaced";
/// The metadata of a session's start: the sessions that were too many, separated by spaces.
pub const ENDED: &str = "ended";
/// The metadata of an administrative action: the IAM ARN that signed it.
pub const ACTOR: &str = "actor";
/// The metadata of a session's start: its epoch. The metadata of an action that moves the user's
/// epoch: the new one, so that all sessions of earlier epochs have ended.
const EPOCH: &str = "epoch";

/// The owner of the history that an event belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    User(UserId),
    /// The keyed hash of an address, which may belong to no user.
    Address(KeyedHash),
    /// An email template: message and language, such as `sign-in/en`.
    Template(String),
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
            Self::Template(name) => write!(f, "template#{name}"),
        }
    }
}

/// The kinds of events. `docs/audit.md` says when each is recorded, and with which metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Login,
    LoginFailed,
    /// A wrong code was tried.
    CodeFailed,
    /// A sign-in email was requested and claimed for a user.
    LoginRequested,
    /// A reset email was requested and claimed for a user.
    PasswordResetRequested,
    /// Somebody signed up, and the email was claimed.
    SignUpRequested,
    /// An invitation was claimed for sending.
    InvitationEmailed,
    /// A notice was claimed for sending.
    NoticeEmailed,
    Logout,
    /// A user confirmed a session with a password or a code.
    SessionConfirmed,
    SessionRevoked,
    /// Another user signed in, in the browser that had the session.
    SessionReplaced,
    /// All sessions of a user were revoked, or all but one.
    SessionsRevoked,
    /// An invited user became active.
    Activated,
    PasswordReset,
    /// A user who was signed in changed their password.
    PasswordChanged,
    /// A user was created by a sign-up.
    SignedUp,
    /// An administrator created a user and sent an invitation.
    Invited,
    InvitationResent,
    /// An administrator created a user who may sign in at once.
    Added,
    /// A user of another system was created.
    Imported,
    /// The name, role or resources of a user changed.
    Changed,
    AddressChanged,
    /// A user reported a notice of something that was not their doing.
    Reported,
    Suspended,
    Reactivated,
    Erased,
    /// An email bounced for good or was marked as spam: nothing is sent to its address.
    AddressSuppressed,
    /// An administrator lifted the suppression of an address.
    SuppressionLifted,
    /// An administrator sent an email again that was held back.
    EmailRedriven,
    /// An administrator saved a text of an email in place of the shipped one.
    TemplateSaved,
    /// An administrator returned to the shipped text of an email.
    TemplateReverted,
}

impl Action {
    /// Returns the name as stored (after the portal's name) and the severity: `warning` for the
    /// traces of an attack.
    const fn spec(self) -> (&'static str, &'static str) {
        match self {
            Self::Login => ("login", "info"),
            Self::LoginFailed => ("login.failed", "warning"),
            Self::CodeFailed => ("code.failed", "warning"),
            Self::LoginRequested => ("login.requested", "info"),
            Self::PasswordResetRequested => ("password.reset.requested", "info"),
            Self::SignUpRequested => ("sign-up.requested", "info"),
            Self::InvitationEmailed => ("invitation.emailed", "info"),
            Self::NoticeEmailed => ("notice.emailed", "info"),
            Self::Logout => ("logout", "info"),
            Self::SessionConfirmed => ("session.confirmed", "info"),
            Self::SessionRevoked => ("session.revoked", "info"),
            Self::SessionReplaced => ("session.replaced", "info"),
            Self::SessionsRevoked => ("sessions.revoked", "info"),
            Self::Activated => ("activated", "info"),
            Self::PasswordReset => ("password.reset", "warning"),
            Self::PasswordChanged => ("password.changed", "warning"),
            Self::SignedUp => ("signed-up", "info"),
            Self::Invited => ("invited", "info"),
            Self::InvitationResent => ("invitation.resent", "info"),
            Self::Added => ("added", "info"),
            Self::Imported => ("imported", "info"),
            Self::Changed => ("changed", "info"),
            Self::AddressChanged => ("address.changed", "warning"),
            Self::Reported => ("reported", "warning"),
            Self::Suspended => ("suspended", "warning"),
            Self::Reactivated => ("reactivated", "info"),
            Self::Erased => ("erased", "warning"),
            Self::AddressSuppressed => ("email.suppressed", "warning"),
            Self::SuppressionLifted => ("email.suppression.lifted", "info"),
            Self::EmailRedriven => ("email.redriven", "info"),
            Self::TemplateSaved => ("template.saved", "warning"),
            Self::TemplateReverted => ("template.reverted", "info"),
        }
    }

    /// Returns the stored name: `<portal>.login` and so on.
    pub fn of(self, portal: &PortalName) -> String {
        format!("{portal}.{}", self.spec().0)
    }

    /// Returns `info` or `warning`.
    pub const fn severity(self) -> &'static str {
        self.spec().1
    }
}

/// The stored `resource_type` of a session.
const SESSION: &str = "session";

/// The session, email, user, address or template that an action was done with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Session(SessionHash),
    /// An email, by its id in the outbox.
    Email(RecordId),
    User(UserId),
    Address(KeyedHash),
    /// An email template: message and language, such as `sign-in/en`.
    Template(String),
}

impl Target {
    /// Returns the stored `resource_type`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Session(_) => SESSION,
            Self::Email(_) => "email",
            Self::User(_) => "user",
            Self::Address(_) => "address",
            Self::Template(_) => "template",
        }
    }

    /// Returns the stored `resource_id`.
    pub fn id(&self) -> String {
        match self {
            Self::Session(hash) => hash.to_string(),
            Self::Email(id) => id.as_str().to_owned(),
            Self::User(id) => id.to_string(),
            Self::Address(hash) => hash.to_string(),
            Self::Template(name) => name.clone(),
        }
    }
}

/// An event to record in the audit.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    pub portal: PortalName,
    pub action: Action,
    pub subject: Subject,
    pub target: Target,
    /// Attributes that only some actions have, by name.
    pub metadata: Vec<(&'static str, String)>,
    pub client: ClientInfo,
    pub at: Timestamp,
    /// End of the record's retention.
    pub expires_at: Timestamp,
}

impl AuditEvent {
    /// Adds the epoch of the session that starts, or the epoch that the action moves the user to.
    #[must_use]
    pub fn with_epoch(mut self, epoch: Epoch) -> Self {
        self.metadata.push((EPOCH, epoch.get().to_string()));
        self
    }
}

/// A stored record of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// `<portal>.login` and so on.
    pub action: String,
    /// The stored `resource_type` and `resource_id`.
    pub target: (String, String),
    pub metadata: BTreeMap<String, String>,
    pub client: ClientInfo,
    pub at: Timestamp,
}

impl AuditRecord {
    /// Returns the epoch of the session that started, or the one that the user moved to.
    pub fn epoch(&self) -> Option<Epoch> {
        let number = self.metadata.get(EPOCH)?;
        number.parse().ok().map(Epoch::new)
    }

    /// Returns the session that the action was done with.
    pub fn session(&self) -> Option<&str> {
        let (kind, id) = &self.target;
        (kind == SESSION).then_some(id)
    }
}
