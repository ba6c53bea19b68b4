//! The oracle: the state that a portal must have, kept separately from its tables.
//!
//! Times are in milliseconds.

use super::rules::{DAY, HOUR, MINUTE, Rules};
use crate::rows::{number, text};
use kit::Email;
use serde_json::Value;
use shared::domain::user::Status;
use std::collections::BTreeMap;

/// The time in which a redemption may be repeated.
const REPEATABLE_FOR: u64 = MINUTE;
/// The lifetime of a link that sets a first password.
const ACTIVATION_LIFETIME: u64 = 72 * HOUR;
/// The mailer gives up after this many claims whose outcome was lost.
const MAX_LOST_CLAIMS: u64 = 3;

/// An address and its user, if it has one.
pub(super) struct Person {
    pub(super) address: String,
    pub(super) user: Option<User>,
    /// A user who was created with the key of this address has been erased.
    pub(super) is_key_spent: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) status: Status,
    pub(super) epoch: u64,
    /// The user was created with the idempotency key of their address.
    pub(super) has_key: bool,
}

/// The state of an email's row in the outbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum EmailState {
    #[default]
    Queued,
    Sending {
        lease_until: u64,
        lost_claims: u64,
    },
    Finished {
        status: String,
        at: u64,
    },
    /// DynamoDB has expired the row.
    Gone,
}

impl EmailState {
    pub(super) fn of(row: &Value) -> Self {
        let number = |name| number(row, name).unwrap_or_default();
        match text(row, "status") {
            "queued" => Self::Queued,
            "sending" => Self::Sending {
                lease_until: number("lease_until"),
                lost_claims: number("unanswered"),
            },
            status => Self::Finished {
                status: status.to_owned(),
                at: number("ended_at"),
            },
        }
    }

    pub(super) fn status(&self) -> &str {
        match self {
            Self::Queued => "queued",
            Self::Sending { .. } => "sending",
            Self::Finished { status, .. } => status,
            Self::Gone => "gone",
        }
    }

    pub(super) const fn is_finished(&self) -> bool {
        matches!(self, Self::Finished { .. } | Self::Gone)
    }
}

/// The part of an email's row that its first claim fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) user: String,
    pub(super) epoch: u64,
    pub(super) kid: String,
    pub(super) expires_at: u64,
    /// The link sets a first password instead of signing in.
    pub(super) is_activation: bool,
}

impl Claim {
    /// Reads the claim of an email's row, if it has been claimed.
    pub(super) fn of(row: &Value) -> Option<Self> {
        Some(Self {
            kid: row.get("kid")?["S"].as_str().unwrap_or_default().to_owned(),
            user: text(row, "user_id").to_owned(),
            epoch: number(row, "epoch").unwrap_or_default(),
            expires_at: number(row, "link_expires_at").unwrap_or_default(),
            is_activation: text(row, "template") == "activation",
        })
    }
}

/// The use of a link.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) at: u64,
    /// The hash of the idempotency key that the link was redeemed with.
    pub(super) key_hash: Option<String>,
    pub(super) session: usize,
}

/// An accepted login request: its email and the link in it.
#[derive(Default)]
pub(super) struct Link {
    pub(super) id: String,
    /// The nonce that only the requesting client has; nobody has it if the response was lost.
    pub(super) nonce: Option<String>,
    pub(super) client: usize,
    pub(super) person: usize,
    pub(super) requested_at: u64,
    pub(super) has_next: bool,
    /// The stream's record of the queued email.
    pub(super) record: Value,
    pub(super) state: EmailState,
    pub(super) claim: Option<Claim>,
    pub(super) email: Option<Email>,
    /// The idempotency keys of the link pages that were opened.
    pub(super) page_keys: Vec<String>,
    /// The number of codes that were tried.
    pub(super) code_attempts: u64,
    pub(super) used: Option<Use>,
    /// DynamoDB has expired the link's row.
    pub(super) is_gone: bool,
}

impl Link {
    pub(super) fn is_activation(&self) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.is_activation)
    }

    /// Returns the key of the email's row.
    pub(super) fn email_key(&self) -> [&str; 2] {
        let keys = &self.record["dynamodb"]["Keys"];
        ["pk", "sk"].map(|name| text(keys, name))
    }

    /// Returns the token in the email, or an empty string.
    pub(super) fn token(&self) -> String {
        self.email.as_ref().map(Email::token).unwrap_or_default()
    }

    /// Returns the code in the email, if there is one.
    pub(super) fn code(&self) -> Option<&str> {
        let code = self.email.as_ref()?.code.as_str();
        Some(code).filter(|code| !code.is_empty())
    }

    /// Counts a code that is tried and returns whether it is right; `None` if no attempt is left.
    pub(super) fn try_code(&mut self, code: &str, limit: u64) -> Option<bool> {
        if self.code_attempts >= limit {
            return None;
        }
        self.code_attempts += 1;
        let is_right = self
            .email
            .as_ref()
            .is_some_and(|email| email.code.replace(' ', "") == code.replace(' ', ""));
        Some(is_right && !self.is_gone)
    }
}

#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) person: usize,
    pub(super) user: String,
    pub(super) epoch: u64,
    pub(super) hash: String,
    pub(super) expires_at: u64,
    /// All tokens that were issued for the session.
    pub(super) tokens: Vec<String>,
    /// The session was logged out or replaced by another one.
    pub(super) ended: bool,
    /// Another session replaced it, so that the audit has no logout.
    pub(super) replaced: bool,
    /// DynamoDB has expired the session's row.
    pub(super) is_gone: bool,
}

/// The result that a redemption must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redemption {
    NewSession,
    /// The session that the link has created before.
    SameSession,
    Invalid,
    Expired,
    Used,
}

impl Redemption {
    pub(super) const fn signs_in(self) -> bool {
        matches!(self, Self::NewSession | Self::SameSession)
    }
}

/// The name of a counter, whom it counts, and the number of its window.
type Counter = (&'static str, usize, usize, u64);

/// The state that a portal must have.
pub(super) struct Model {
    pub(super) started_at: u64,
    pub(super) rules: Rules,
    pub(super) people: Vec<Person>,
    pub(super) links: Vec<Link>,
    pub(super) sessions: Vec<Session>,
    pub(super) counters: BTreeMap<Counter, u64>,
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

    /// Returns the result of redeeming an emailed link.
    pub(super) fn redeem(
        &self,
        link: usize,
        is_requester: bool,
        key_hash: Option<&str>,
        now: u64,
    ) -> Redemption {
        let link = &self.links[link];
        let Some(claim) = link.claim.as_ref().filter(|claim| !claim.is_activation) else {
            return Redemption::Invalid;
        };
        let is_expired = claim.expires_at <= now;
        if link.is_gone && !is_expired {
            return Redemption::Invalid;
        }
        if let Some(used) = link.used.as_ref().filter(|_| !link.is_gone) {
            let is_same =
                is_requester || (key_hash.is_some() && used.key_hash.as_deref() == key_hash);
            let repeats = is_same && now.saturating_sub(used.at) <= REPEATABLE_FOR;
            return if repeats && self.is_live(used.session, now) {
                Redemption::SameSession
            } else {
                Redemption::Used
            };
        }
        if is_expired {
            return Redemption::Expired;
        }
        let may_sign_in = |user: &&User| match user.status {
            Status::Active => true,
            Status::Invited => self.rules.activates,
            Status::Suspended => false,
        };
        match self.user(link.person).filter(may_sign_in) {
            Some(user) if user.id == claim.user && user.epoch == claim.epoch => {
                Redemption::NewSession
            }
            _ => Redemption::Invalid,
        }
    }

    /// Returns whether an email that is claimed now sets a first password.
    pub(super) fn would_activate(&self, link: usize) -> bool {
        let user = self.user(self.links[link].person);
        !self.rules.activates && user.is_some_and(|user| user.status == Status::Invited)
    }

    /// Returns when a link of either kind expires.
    pub(super) fn link_expires_at(&self, link: usize, is_activation: bool) -> u64 {
        let lifetime = if is_activation {
            ACTIVATION_LIFETIME
        } else {
            self.rules.link_lifetime
        };
        (self.links[link].requested_at + lifetime) / 1000 * 1000
    }

    /// Returns the status of an email once the mailer has handled it, and counts it if it is sent.
    pub(super) fn handle_email(&mut self, link: usize, now: u64) -> &'static str {
        let person = self.links[link].person;
        let expires_at = self.link_expires_at(link, self.would_activate(link));
        let link = &self.links[link];
        let claim = link.claim.as_ref();
        let user = self.user(person);
        let user = user.filter(|user| user.status != Status::Suspended);
        match link.state {
            EmailState::Finished { .. } | EmailState::Gone => "finished",
            EmailState::Queued if user.is_none() => "dropped",
            EmailState::Queued if expires_at <= now => "expired",
            EmailState::Queued if self.limited_until("email", person, 0, now).is_some() => {
                "throttled"
            }
            EmailState::Queued => {
                self.count("email", person, 0, now);
                "sent"
            }
            EmailState::Sending { lease_until, .. } if lease_until > now => "sending",
            EmailState::Sending { .. } if claim.is_some_and(|claim| claim.expires_at <= now) => {
                "expired"
            }
            EmailState::Sending { lost_claims, .. } if lost_claims >= MAX_LOST_CLAIMS => "failed",
            EmailState::Sending { .. } => match (user, claim) {
                (Some(user), Some(claim)) if user.epoch == claim.epoch => "sent",
                _ => "superseded",
            },
        }
    }

    /// Returns the counters of a login `request` or an `email`, and the ends of their windows.
    fn windows(kind: &'static str, person: usize, client: usize, now: u64) -> [(Counter, u64); 3] {
        let windows = match kind {
            "request" => [
                ("request-minute", person, client, MINUTE),
                ("request-hour", person, client, HOUR),
                ("request-network", 0, client, HOUR),
            ],
            _ => [
                ("email-hour", person, 0, HOUR),
                ("email-day", person, 0, DAY),
                ("email-portal", 0, 0, DAY),
            ],
        };
        windows.map(|(name, person, client, length)| {
            let number = now / length;
            ((name, person, client, number), (number + 1) * length)
        })
    }

    /// Counts a login `request` or an `email`.
    pub(super) fn count(&mut self, kind: &'static str, person: usize, client: usize, now: u64) {
        for (counter, _) in Self::windows(kind, person, client, now) {
            *self.counters.entry(counter).or_default() += 1;
        }
    }

    /// Returns when all counters are below their limits again, if one of them is not.
    pub(super) fn limited_until(
        &self,
        kind: &'static str,
        person: usize,
        client: usize,
        now: u64,
    ) -> Option<u64> {
        let limits = match kind {
            "request" => self.rules.requests,
            _ => self.rules.emails,
        };
        let windows = Self::windows(kind, person, client, now);
        let windows = windows.into_iter().zip(limits);
        let is_full = |((counter, _), limit): &((Counter, u64), u64)| {
            self.counters.get(counter).copied().unwrap_or_default() >= *limit
        };
        windows.filter(is_full).map(|((_, end), _)| end).max()
    }
}
