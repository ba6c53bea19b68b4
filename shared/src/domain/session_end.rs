//! The rule by which a session has ended: when, how and by whom.
//!
//! The audit records the end of every session in the transaction that ends it. Some actions end one
//! session. Others move the user's epoch, which ends all sessions of earlier epochs but the one
//! that moves with it. A session also ends by itself, at the end of its lifetime or when nobody
//! uses it. Where several ends fit, the earliest counts. The order of the records does not matter,
//! and a move of the epoch is found by comparing epochs, not clocks.

use super::audit::{self, Action, AuditRecord};
use super::portal::PortalName;
use super::time::Timestamp;
use super::user::Epoch;

/// The way in which a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndKind {
    SignedOut,
    Revoked,
    /// Another session began in the same browser.
    Replaced,
    /// The user signed in more often than the portal allows, and it was the oldest session.
    TooMany,
    PasswordReset,
    /// The user changed the password in another session.
    PasswordChanged,
    AddressChanged,
    /// The user reported a notice of something that was not their doing.
    Reported,
    Suspended,
    /// It reached the end of its lifetime.
    Expired,
    /// Nobody used it for longer than the portal allows.
    Idle,
}

impl EndKind {
    /// Returns the form of responses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::Revoked => "revoked",
            Self::Replaced => "replaced",
            Self::TooMany => "too-many",
            Self::PasswordReset => "password-reset",
            Self::PasswordChanged => "password-changed",
            Self::AddressChanged => "address-changed",
            Self::Reported => "reported",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Idle => "idle",
        }
    }
}

/// The person who ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy<'a> {
    User,
    /// Another user, who signed in in the same browser.
    AnotherUser,
    /// An administrator, by the IAM ARN that signed the request.
    Administrator(&'a str),
    /// Nobody: the session ended by itself.
    Time,
}

/// The end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionEnd<'a> {
    pub at: Timestamp,
    pub kind: EndKind,
    pub by: EndedBy<'a>,
}

/// The actions that end the session that they are done with.
const ENDING_ONE: [(Action, EndKind); 3] = [
    (Action::Logout, EndKind::SignedOut),
    (Action::SessionRevoked, EndKind::Revoked),
    (Action::SessionReplaced, EndKind::Replaced),
];

/// The actions that end all sessions of earlier epochs, but not the one that they are done with.
const ENDING_EARLIER: [(Action, EndKind); 6] = [
    (Action::SessionsRevoked, EndKind::Revoked),
    (Action::PasswordReset, EndKind::PasswordReset),
    (Action::PasswordChanged, EndKind::PasswordChanged),
    (Action::AddressChanged, EndKind::AddressChanged),
    (Action::Reported, EndKind::Reported),
    (Action::Suspended, EndKind::Suspended),
];

/// The sessions that an action ended.
enum Scope<'a> {
    One(&'a str),
    Earlier { epoch: Epoch, kept: Option<&'a str> },
}

/// All ends of sessions in the audit records of one user.
pub struct RecordedEnds<'a>(Vec<(Scope<'a>, SessionEnd<'a>)>);

impl<'a> RecordedEnds<'a> {
    pub fn new(records: &'a [AuditRecord], portal: &PortalName) -> Self {
        let ends = records.iter();
        Self(
            ends.flat_map(|record| recorded_ends(record, portal))
                .collect(),
        )
    }

    /// Returns the end of the session `id`: a recorded one, or one of those that it reached by
    /// itself (`lapsed`). `epoch` is the session's epoch at any time of its life.
    pub fn end_of(
        &self,
        id: &str,
        epoch: Epoch,
        lapsed: impl IntoIterator<Item = SessionEnd<'a>>,
    ) -> Option<SessionEnd<'a>> {
        let of_this = self.0.iter().filter_map(|(scope, end)| match scope {
            Scope::One(ended) => (*ended == id).then_some(*end),
            Scope::Earlier { .. } => None,
        });
        let recorded = of_this.chain(self.end_of_epoch(id, epoch));
        // Of two ends at the same time, `min_by_key` returns the first one.
        let ends = lapsed.into_iter().chain(recorded);
        ends.min_by_key(|end| end.at)
    }

    /// Returns the first move of the user's epoch that the session did not go along with.
    fn end_of_epoch(&self, id: &str, session_epoch: Epoch) -> Option<SessionEnd<'a>> {
        let moves = self.0.iter().filter_map(|(scope, end)| match scope {
            Scope::Earlier { epoch, kept } if *epoch > session_epoch && *kept != Some(id) => {
                Some((*epoch, *end))
            }
            _ => None,
        });
        moves.min_by_key(|(epoch, _)| *epoch).map(|(_, end)| end)
    }
}

/// Returns the ends that an action has recorded.
fn recorded_ends<'a>(
    record: &'a AuditRecord,
    portal: &PortalName,
) -> Vec<(Scope<'a>, SessionEnd<'a>)> {
    let by = match record.metadata.get(audit::ACTOR) {
        Some(actor) => EndedBy::Administrator(actor),
        None if record.action == Action::SessionReplaced.of(portal) => EndedBy::AnotherUser,
        None => EndedBy::User,
    };
    let at = record.at;
    let end = |(scope, kind)| (scope, SessionEnd { at, kind, by });
    let by_start = ends_by_start(record);
    let by_action = end_by_action(record, portal);
    by_start.into_iter().chain(by_action).map(end).collect()
}

/// Returns the ends of sessions that the start of another session brought about.
fn ends_by_start(record: &AuditRecord) -> Vec<(Scope<'_>, EndKind)> {
    let metadata = |name| record.metadata.get(name).map(String::as_str);
    let replaced = metadata(audit::REPLACED).into_iter();
    let replaced = replaced.map(|id| (Scope::One(id), EndKind::Replaced));
    let oldest = metadata(audit::ENDED).unwrap_or_default().split(' ');
    let oldest = oldest.map(|id| (Scope::One(id), EndKind::TooMany));
    replaced.chain(oldest).collect()
}

fn end_by_action<'a>(record: &'a AuditRecord, portal: &PortalName) -> Option<(Scope<'a>, EndKind)> {
    let find = |actions: &[(Action, EndKind)]| {
        let mut actions = actions.iter();
        let found = actions.find(|(action, _)| action.of(portal) == record.action);
        found.map(|(_, kind)| *kind)
    };
    if let Some(kind) = find(&ENDING_ONE) {
        return Some((Scope::One(record.session()?), kind));
    }
    let kind = find(&ENDING_EARLIER)?;
    let epoch = record.epoch()?;
    let kept = record.session();
    Some((Scope::Earlier { epoch, kept }, kind))
}

#[cfg(test)]
mod tests;
