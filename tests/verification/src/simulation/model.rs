//! The oracle: the state that a portal must have, kept separately from its tables.
//!
//! Times are in milliseconds.

use super::counters::Counters;
use super::emails::Link;
use super::rules::{MINUTE, Rules};
use shared::domain::user::Status;
use std::collections::BTreeMap;

/// The time in which a redemption, a request or a sign-in may be repeated.
pub(super) const REPEATABLE_FOR: u64 = MINUTE;

/// An address and its user, if it has one.
pub(super) struct Person {
    pub(super) address: String,
    pub(super) user: Option<User>,
    /// The idempotency keys that have created users who are erased.
    pub(super) spent_keys: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: Status,
    pub(super) epoch: u64,
    /// The idempotency key that the user was created with.
    pub(super) key: Option<String>,
    /// The number of sign-ins and resets.
    pub(super) sign_ins: u64,
    pub(super) password: Option<String>,
    /// The key and the time of the last sign-in form with a key, and its session.
    pub(super) form: Option<(String, u64, usize)>,
}

impl User {
    pub(super) fn new(id: String, name: &str, status: Status, epoch: u64) -> Self {
        Self {
            id,
            name: name.to_owned(),
            status,
            epoch,
            key: None,
            sign_ins: 0,
            password: None,
            form: None,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) person: usize,
    pub(super) user: String,
    pub(super) epoch: u64,
    pub(super) hash: String,
    pub(super) expires_at: u64,
    /// The action that is audited for its start: `login` or `activated`.
    pub(super) action: &'static str,
    /// All tokens that were issued for the session.
    pub(super) tokens: Vec<String>,
    /// The session was logged out or replaced by another one.
    pub(super) ended: bool,
    /// Another session replaced it, so that the audit has no logout.
    pub(super) replaced: bool,
    /// DynamoDB has expired the session's row.
    pub(super) is_gone: bool,
}

/// The result that using a link must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redemption {
    /// The link is used now.
    New,
    /// It has been used by the same client, who gets the same response.
    Repeat,
    Invalid,
    Expired,
    Used,
}

impl Redemption {
    pub(super) const fn succeeds(self) -> bool {
        matches!(self, Self::New | Self::Repeat)
    }
}

/// The state that a portal must have.
pub(super) struct Model {
    pub(super) started_at: u64,
    pub(super) rules: Rules,
    pub(super) people: Vec<Person>,
    pub(super) links: Vec<Link>,
    pub(super) sessions: Vec<Session>,
    /// The person whom each mark of a known browser is for.
    pub(super) marks: BTreeMap<String, usize>,
    pub(super) counters: Counters,
}

impl Model {
    pub(super) fn user(&self, person: usize) -> Option<&User> {
        self.people[person].user.as_ref()
    }

    /// Returns whether a session is accepted.
    pub(super) fn is_live(&self, session: usize, now: u64) -> bool {
        let session = &self.sessions[session];
        !session.ended
            && session.expires_at > now
            && self.user(session.person).is_some_and(|user| {
                user.id == session.user
                    && user.status == Status::Active
                    && user.epoch == session.epoch
            })
    }

    /// Returns the emails that are not finished.
    pub(super) fn unfinished(&self) -> Vec<usize> {
        (0..self.links.len())
            .filter(|link| !self.links[*link].state.is_finished())
            .collect()
    }

    /// Returns the session that a token was issued for.
    pub(super) fn session_of(&self, token: &str) -> Option<usize> {
        self.sessions
            .iter()
            .rposition(|session| session.tokens.iter().any(|one| one == token))
    }

    /// Returns the result of redeeming an emailed link for a session or a new password.
    ///
    /// Only whoever has used a link may repeat that: the requesting client, or the same page.
    pub(super) fn redeem(
        &self,
        link: usize,
        is_requester: bool,
        key_hash: Option<&str>,
        now: u64,
    ) -> Redemption {
        let known = &self.links[link];
        let Some(claim) = &known.claim else {
            return Redemption::Invalid;
        };
        let is_expired = claim.expires_at <= now;
        if known.is_gone && !is_expired {
            return Redemption::Invalid;
        }
        if let Some(used) = known.used.as_ref().filter(|_| !known.is_gone) {
            let is_same = (is_requester && used.by_requester)
                || (key_hash.is_some() && used.key_hash.as_deref() == key_hash);
            let repeats = is_same && now.saturating_sub(used.at) <= REPEATABLE_FOR;
            let is_live = used
                .session
                .is_none_or(|session| self.is_live(session, now));
            return if repeats && is_live {
                Redemption::Repeat
            } else {
                Redemption::Used
            };
        }
        if is_expired {
            return Redemption::Expired;
        }
        let status = match claim.account.as_str() {
            "active" => Some(Status::Active),
            "invited" => Some(Status::Invited),
            _ => None,
        };
        let is_account = match self.user(known.person) {
            None => status.is_none(),
            Some(user) => {
                Some(user.status) == status && user.id == claim.user && user.epoch == claim.epoch
            }
        };
        if is_account {
            Redemption::New
        } else {
            Redemption::Invalid
        }
    }
}
