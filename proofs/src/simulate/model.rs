//! What the oracle knows: everybody's state as the promises say it must be, kept beside the tables,
//! not read from them.

use shared::domain::time::Timestamp;
use std::collections::BTreeMap;

/// How long a redeem may be repeated.
const REPEAT_WITHIN: u64 = 60_000;
/// How long a link to a first password lives.
const ACTIVATION: u64 = 72 * 3_600_000;

/// What a portal was started with.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) other_browser: &'static str,
    /// The first redeemed link activates an invited user.
    pub(super) activates: bool,
    pub(super) session_millis: u64,
    pub(super) link_millis: u64,
    /// Asks: a minute and an hour for one address, an hour for one network.
    pub(super) asks: [u64; 3],
    /// Mails: an hour and a day for one address, a day for all.
    pub(super) mails: [u64; 3],
    pub(super) code_attempts: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Invited,
    Active,
    Suspended,
}

impl Status {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// An address, and the user who has it, if there is one.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) address: String,
    pub(super) user: Option<User>,
}

#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) status: Status,
    pub(super) epoch: u64,
}

/// How far a mail has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Row {
    Queued,
    Sending {
        lease_until: u64,
        unanswered: u64,
    },
    Over {
        end: String,
        at: u64,
    },
    /// TTL has taken it.
    Gone,
}

impl Row {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Queued => "queued",
            Self::Sending { .. } => "sending",
            Self::Over { end, .. } => end,
            Self::Gone => "gone",
        }
    }

    pub(super) const fn is_over(&self) -> bool {
        matches!(self, Self::Over { .. } | Self::Gone)
    }
}

/// What the first claim fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Minted {
    pub(super) user: String,
    pub(super) epoch: u64,
    pub(super) kid: String,
    pub(super) expires_at: u64,
    /// It leads to a first password, and signs nobody in by itself.
    pub(super) activates: bool,
}

/// What stands in the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) path: String,
    pub(super) token: String,
    /// Empty in a mail that has none.
    pub(super) code: String,
}

/// When a link was redeemed, by which page (a hash), for which session.
#[derive(Clone, Debug)]
pub(super) struct Used {
    pub(super) at: u64,
    pub(super) attempt: Option<String>,
    pub(super) session: usize,
}

/// One accepted ask: its mail, and the link in it.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) id: String,
    /// What only the asking browser holds; nobody does, where the answer was lost.
    pub(super) nonce: Option<String>,
    pub(super) client: usize,
    pub(super) person: usize,
    pub(super) requested_at: u64,
    pub(super) leads_on: bool,
    /// The stream's record, and the key of the mail's row.
    pub(super) record: serde_json::Value,
    pub(super) key: (String, String),
    pub(super) row: Row,
    pub(super) minted: Option<Minted>,
    pub(super) letter: Option<Letter>,
    /// The random fields of pages that were opened.
    pub(super) pages: Vec<String>,
    pub(super) tries: u64,
    pub(super) used: Option<Used>,
    /// TTL has taken the link's row.
    pub(super) swept: bool,
}

impl Link {
    /// Whether it leads to a first password.
    pub(super) fn activates(&self) -> bool {
        self.minted.as_ref().is_some_and(|minted| minted.activates)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) person: usize,
    pub(super) user: String,
    pub(super) epoch: u64,
    pub(super) hash: String,
    pub(super) expires_at: u64,
    /// Every token that was ever given for it.
    pub(super) tokens: Vec<String>,
    /// Somebody logged out, or another session has replaced it.
    pub(super) ended: bool,
    /// Another one began in its place: the audit says so there, and has no logout.
    pub(super) replaced: bool,
    /// TTL has taken its row.
    pub(super) swept: bool,
}

/// What is counted, for whom, in which window.
pub(super) type Counter = (&'static str, usize, usize, u64);
pub(super) type Counters = BTreeMap<Counter, u64>;

/// What a redeem must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redeems {
    /// A new session.
    Fresh,
    /// The session it began already.
    Again(usize),
    Invalid,
    Expired,
    Used,
}

/// One portal as it must be.
pub(super) struct Model {
    /// When the seed began.
    pub(super) began: u64,
    pub(super) rules: Rules,
    pub(super) people: Vec<Person>,
    pub(super) links: Vec<Link>,
    pub(super) sessions: Vec<Session>,
    pub(super) counters: Counters,
}

impl Model {
    /// Whether a session signs its user in.
    pub(super) fn lives(&self, session: usize, now: u64) -> bool {
        let session = &self.sessions[session];
        let user = self.people[session.person]
            .user
            .as_ref()
            .filter(|user| user.id == session.user);
        let of_the_user =
            |user: &User| user.status == Status::Active && user.epoch == session.epoch;
        !session.ended && session.expires_at > now && user.is_some_and(of_the_user)
    }

    /// The mails that are not over.
    pub(super) fn open(&self) -> Vec<usize> {
        (0..self.links.len())
            .filter(|link| !self.links[*link].row.is_over())
            .collect()
    }

    /// The session that a token was given for.
    pub(super) fn session_of(&self, token: &str) -> Option<usize> {
        self.sessions
            .iter()
            .rposition(|session| session.tokens.iter().any(|one| one == token))
    }

    /// What becomes of a link that was mailed, in the hands of somebody who `asked` for it or shows
    /// this `attempt`.
    pub(super) fn redeems(
        &self,
        link: &Link,
        asked: bool,
        attempt: Option<&str>,
        now: u64,
    ) -> Redeems {
        let Some(minted) = link.minted.as_ref().filter(|_| !link.activates()) else {
            return Redeems::Invalid;
        };
        if link.swept {
            return if minted.expires_at <= now {
                Redeems::Expired
            } else {
                Redeems::Invalid
            };
        }
        if let Some(used) = &link.used {
            let same_page = attempt.is_some() && used.attempt.as_deref() == attempt;
            let repeats = (asked || same_page) && now.saturating_sub(used.at) <= REPEAT_WITHIN;
            let lives = repeats && self.lives(used.session, now);
            return if lives {
                Redeems::Again(used.session)
            } else {
                Redeems::Used
            };
        }
        if minted.expires_at <= now {
            return Redeems::Expired;
        }
        let user = self.people[link.person].user.as_ref();
        let may = |user: &User| match user.status {
            Status::Active => true,
            Status::Invited => self.rules.activates,
            Status::Suspended => false,
        };
        let good = user
            .is_some_and(|user| user.id == minted.user && user.epoch == minted.epoch && may(user));
        if good {
            Redeems::Fresh
        } else {
            Redeems::Invalid
        }
    }

    /// Whether a mail that is claimed now leads to a first password.
    pub(super) fn mails_activation(&self, link: usize) -> bool {
        let user = self.people[self.links[link].person].user.as_ref();
        !self.rules.activates && user.is_some_and(|user| user.status == Status::Invited)
    }

    /// Until when a link works, of either kind.
    pub(super) fn link_expires_at(&self, link: usize, activates: bool) -> u64 {
        let lifetime = if activates {
            ACTIVATION
        } else {
            self.rules.link_millis
        };
        (self.links[link].requested_at + lifetime) / 1000 * 1000
    }

    /// What becomes of a mail that is taken up now, and whether a letter goes out. Counts what it
    /// would count.
    pub(super) fn mails(&mut self, link: usize, now: u64) -> (&'static str, bool) {
        let person = self.links[link].person;
        let expires_at = self.link_expires_at(link, self.mails_activation(link));
        let user = self.people[person].user.as_ref();
        match &self.links[link].row {
            Row::Over { .. } | Row::Gone => ("over", false),
            Row::Queued => match user.map(|user| user.status) {
                None | Some(Status::Suspended) => ("dropped", false),
                _ if expires_at <= now => ("expired", false),
                _ if !self.count("emails", (person, 0), self.rules.mails, now) => {
                    ("throttled", false)
                }
                _ => ("sent", true),
            },
            Row::Sending { lease_until, .. } if *lease_until > now => ("sending", false),
            Row::Sending { .. }
                if self.links[link]
                    .minted
                    .as_ref()
                    .is_some_and(|minted| minted.expires_at <= now) =>
            {
                ("expired", false)
            }
            Row::Sending { unanswered, .. } if *unanswered >= 3 => ("failed", false),
            Row::Sending { .. } => {
                let minted = self.links[link].minted.as_ref();
                let same = |user: &User| {
                    user.status != Status::Suspended
                        && minted.is_some_and(|minted| minted.epoch == user.epoch)
                };
                if user.is_some_and(same) {
                    ("sent", true)
                } else {
                    ("superseded", false)
                }
            }
        }
    }

    /// The counters of an ask (`ask`) or a mail (`mail`) and their windows' ends.
    pub(super) fn windows(kind: &'static str, of: (usize, usize), now: u64) -> [(Counter, u64); 3] {
        let (minute, hour, day) = (60_000, 3_600_000, 86_400_000);
        let (one, other) = of;
        let parts = match kind {
            "ask" => [
                ("ask-minute", one, other, minute),
                ("ask-hour", one, other, hour),
                ("ask-network", 0, other, hour),
            ],
            _ => [
                ("mail-hour", one, 0, hour),
                ("mail-day", one, 0, day),
                ("mail-portal", 0, 0, day),
            ],
        };
        parts.map(|(scope, one, other, length)| {
            (
                (scope, one, other, now / length),
                (now / length + 1) * length,
            )
        })
    }

    /// Counts one more, if all three counters are below their limits.
    pub(super) fn count(
        &mut self,
        kind: &'static str,
        of: (usize, usize),
        limits: [u64; 3],
        now: u64,
    ) -> bool {
        let windows = Self::windows(kind, of, now);
        let below =
            |(key, limit): (_, u64)| self.counters.get(&key).copied().unwrap_or_default() < limit;
        if !windows
            .iter()
            .zip(limits)
            .all(|((key, _), limit)| below((*key, limit)))
        {
            return false;
        }
        for (key, _) in windows {
            *self.counters.entry(key).or_default() += 1;
        }
        true
    }

    /// Until when an ask is refused; `None` when it is not.
    pub(super) fn refuses_ask_until(
        &self,
        person: usize,
        client: usize,
        now: u64,
    ) -> Option<Timestamp> {
        let windows = Self::windows("ask", (person, client), now)
            .into_iter()
            .zip(self.rules.asks);
        let full = windows.filter(|((key, _), limit)| {
            self.counters.get(key).copied().unwrap_or_default() >= *limit
        });
        full.map(|((_, end), _)| end)
            .max()
            .map(Timestamp::from_millis)
    }
}
