//! The limits that apply to a client, derived as `docs/security.md` describes them.

use super::emails::{Kind, Link};
use super::environment::Environment;
use super::portal::PortalUnderTest;
use super::rules::{DAY, HOUR, QUARTER_HOUR};
use crate::rows::number;
use shared::domain::ids::KeyedHash;
use shared::domain::rate_limit::{RateLimit, RateLimitScope, Window};
use shared::domain::time::Timestamp;
use std::time::Duration;

/// The lifetime of counts that begin anew with a sign-in.
const SINCE_SIGN_IN: u64 = 400 * DAY;
/// The failures after which a browser is no longer known.
const KNOWN_BROWSER_FAILURES: u64 = 30;
/// The emails of a known browser in an hour and a day.
const KNOWN_BROWSER_EMAILS: [u64; 2] = [5, 10];
/// The lifetime of an invitation, which the count of a link's codes outlives.
const LONGEST_LINK: u64 = 72 * HOUR;

/// A number that a limit is compared with.
#[derive(Clone)]
pub(super) struct Counter {
    limit: RateLimit,
    attribute: String,
}

impl From<RateLimit> for Counter {
    fn from(limit: RateLimit) -> Self {
        let attribute = "count".to_owned();
        Self { limit, attribute }
    }
}

/// The limits on one password.
pub(super) struct PasswordLimits {
    pub(super) known_browser: Option<RateLimit>,
    /// Attempts of the network, with an attribute for each address and quarter of an hour.
    pub(super) network: RateLimit,
    pub(super) attempts: u64,
    pub(super) address_attribute: String,
    pub(super) address: RateLimit,
}

/// The limits on one code at one link.
pub(super) struct CodeLimits {
    pub(super) link: RateLimit,
    pub(super) known_browser: Option<RateLimit>,
    pub(super) address: RateLimit,
}

impl CodeLimits {
    pub(super) fn counters(&self) -> Vec<Counter> {
        let limits = [&self.link, &self.address];
        let limits = limits.into_iter().chain(&self.known_browser);
        limits.cloned().map(Counter::from).collect()
    }
}

impl PasswordLimits {
    pub(super) fn counters(&self) -> Vec<Counter> {
        let limits = [&self.network, &self.address];
        let limits = limits.into_iter().chain(&self.known_browser);
        let mut counters: Vec<_> = limits.cloned().map(Counter::from).collect();
        counters.push(Counter {
            limit: RateLimit {
                limit: self.attempts,
                ..self.network.clone()
            },
            attribute: self.address_attribute.clone(),
        });
        counters
    }
}

/// The limits on one request for an email.
pub(super) struct RequestLimits {
    pub(super) requests: RateLimit,
    pub(super) network: Option<RateLimit>,
    pub(super) per_minute: u64,
}

impl PortalUnderTest<'_> {
    pub(super) fn hash(&self, parts: &[&str]) -> KeyedHash {
        self.ring.keyed_hash(parts)
    }

    fn network(&self, client: usize) -> KeyedHash {
        self.hash(&["network", self.clients[client].api.ip()])
    }

    /// Returns the hash of a client's mark for an address, if it is a known browser there.
    pub(super) fn known_browser(&self, client: usize, person: usize) -> Option<KeyedHash> {
        let marks = self.clients[client].marks(self.name);
        self.known_mark(&marks, person)
    }

    fn known_mark(&self, marks: &[String], person: usize) -> Option<KeyedHash> {
        let is_known = |mark: &&String| self.model.marks.get(*mark) == Some(&person);
        let mark = marks.iter().find(is_known)?;
        Some(self.hash(&["known-browser", mark]))
    }

    /// Returns the number of sign-ins of somebody with this user id.
    pub(super) fn sign_ins(&self, person: usize, id: Option<&str>) -> u64 {
        let user = self.model.user(person);
        let user = user.filter(|user| id.is_none_or(|id| user.id == id));
        user.map_or(0, |user| user.sign_ins)
    }

    fn since_sign_in(
        &self,
        number: u64,
        scope: RateLimitScope,
        key: KeyedHash,
        limit: u64,
    ) -> RateLimit {
        series(number, self.now() + SINCE_SIGN_IN, scope, key, limit)
    }

    fn of_known_browser(&self, browser: KeyedHash) -> RateLimit {
        let scope = RateLimitScope::KnownBrowserFailures;
        self.since_sign_in(0, scope, browser, KNOWN_BROWSER_FAILURES)
    }

    pub(super) fn password_limits(&self, client: usize, person: usize) -> PasswordLimits {
        let address = self.model.people[person].address.as_str();
        let network = self.network(client);
        let of_address = self.hash(&["password", address]);
        let [attempts, per_network, failures] = self.model.rules.passwords;
        let known = self.known_browser(client, person);
        PasswordLimits {
            known_browser: known.map(|browser| self.of_known_browser(browser)),
            attempts,
            address_attribute: format!("{}-{of_address}", self.now() / QUARTER_HOUR % 4),
            network: every(HOUR, RateLimitScope::PasswordNetwork, network, per_network),
            address: self.since_sign_in(
                self.sign_ins(person, None),
                RateLimitScope::PasswordFailures,
                of_address,
                failures,
            ),
        }
    }

    pub(super) fn request_limits(&self, kind: Kind, client: usize, person: usize) -> RequestLimits {
        let address = self.model.people[person].address.as_str();
        let network = self.network(client);
        let known = self.known_browser(client, person);
        let counted = known.unwrap_or(network).to_string();
        let key = self.hash(&["request", kind.as_str(), address, &counted]);
        let [per_minute, per_hour, per_network] = self.model.rules.requests;
        let scope = RateLimitScope::RequestsPerNetwork;
        RequestLimits {
            requests: every(HOUR, RateLimitScope::Requests, key, per_hour),
            network: known
                .is_none()
                .then(|| every(HOUR, scope, network, per_network)),
            per_minute,
        }
    }

    /// Returns the limits on a code: of its link, and of its address.
    pub(super) fn code_limits(&self, link: &Link, marks: &[String]) -> CodeLimits {
        let longest = LONGEST_LINK.max(self.model.rules.link_lifetime);
        let of_link = series(
            0,
            self.now() + longest,
            RateLimitScope::Code,
            self.hash(&["code", &link.id]),
            self.model.rules.code_attempts,
        );
        let claim = link.claim.as_ref().filter(|_| !link.is_gone);
        let known = claim.and_then(|_| self.known_mark(marks, link.person));
        let address = self.model.people[link.person].address.as_str();
        let (counted, number) = match claim {
            Some(claim) => (address, self.sign_ins(link.person, Some(&claim.user))),
            None => (link.id.as_str(), 0),
        };
        let [_, _, failures] = self.model.rules.passwords;
        let key = self.hash(&["codes", counted]);
        CodeLimits {
            link: of_link,
            known_browser: known.map(|browser| self.of_known_browser(browser)),
            address: self.since_sign_in(number, RateLimitScope::CodeFailures, key, failures),
        }
    }

    /// Returns the budgets of an email: those of one kind cannot be used up by another.
    pub(super) fn budgets(&self, link: usize) -> Vec<RateLimit> {
        use RateLimitScope::{
            EmailsPerDay, EmailsPerHour, Invitations, KnownBrowserEmailsPerDay,
            KnownBrowserEmailsPerHour, PortalEmails, SignUp, SignUpEmails,
        };
        let link = &self.model.links[link];
        let [_, id] = link.email_key();
        let rules = &self.model.rules;
        let address = self.model.people[link.person].address.as_str();
        let [per_hour, per_day, per_portal] = rules.emails;
        // No share of a large budget is ever used up.
        let shards = (per_portal / 2000).clamp(1, 64);
        let random = id
            .get(13..)
            .and_then(|hex| u64::from_str_radix(hex, 16).ok());
        let key = match random.unwrap_or_default() % shards {
            0 => self.hash(&["portal"]),
            shard => self.hash(&["portal", &shard.to_string()]),
        };
        let portal = |scope| every(DAY, scope, key, per_portal / shards);
        match (link.kind, link.known_browser) {
            (Kind::PasswordChanged, _) => vec![],
            (Kind::Invitation, _) => vec![portal(Invitations)],
            (_, Some(browser)) => {
                let [per_hour, per_day] = KNOWN_BROWSER_EMAILS;
                vec![
                    every(HOUR, KnownBrowserEmailsPerHour, browser, per_hour),
                    every(DAY, KnownBrowserEmailsPerDay, browser, per_day),
                ]
            }
            (Kind::SignUp, None) => {
                let (local, domain) = address.split_once('@').unwrap_or_default();
                let mailbox = local.split('+').next().unwrap_or_default();
                let key = self.hash(&["sign-up", &format!("{mailbox}@{domain}")]);
                vec![
                    every(DAY, SignUp, key, rules.sign_ups),
                    portal(SignUpEmails),
                ]
            }
            (Kind::SignIn | Kind::Reset, None) => {
                let key = self.hash(&["mail", address]);
                vec![
                    every(HOUR, EmailsPerHour, key, per_hour),
                    every(DAY, EmailsPerDay, key, per_day),
                    portal(PortalEmails),
                ]
            }
        }
    }

    /// Notes that a step may have written these counters.
    pub(super) fn touch(&mut self, counters: &[Counter]) {
        let now = self.now();
        for counter in counters {
            self.model.counters.touch(&counter.limit, now);
        }
    }

    /// Returns whether faults may have counted more than was tried, so that a right code or
    /// password was refused.
    pub(super) fn is_overcounted(&self, env: &Environment, counters: &[Counter]) -> bool {
        let now = Timestamp::from_millis(self.now());
        let is_full = |counter: &Counter| {
            let row = self.row("rate-limits", &counter.limit.item_key(now), None);
            let count = row.and_then(|row| number(&row, &counter.attribute));
            count.is_some_and(|count| count >= counter.limit.limit)
        };
        env.may_fail() && counters.iter().any(is_full)
    }

    /// Ends a step: where it is unclear what was counted, reads the counters it may have written.
    pub(super) fn end_step(&mut self, is_unclear: bool) {
        let touched = self.model.counters.take_touched();
        if !is_unclear || touched.is_empty() {
            return;
        }
        for key in touched {
            let row = self.row("rate-limits", &key, None);
            self.model.counters.replace(key, row.as_ref());
        }
        let rows = self.world.rows("audit");
        self.model.counters.failures = self.audited_failures(&rows);
    }
}

fn every(window: u64, scope: RateLimitScope, key: KeyedHash, limit: u64) -> RateLimit {
    let window = Window::Aligned(Duration::from_millis(window));
    RateLimit {
        scope,
        key,
        window,
        limit,
    }
}

fn series(
    number: u64,
    ends_at: u64,
    scope: RateLimitScope,
    key: KeyedHash,
    limit: u64,
) -> RateLimit {
    let ends_at = Timestamp::from_millis(ends_at);
    let window = Window::Series { number, ends_at };
    RateLimit {
        scope,
        key,
        window,
        limit,
    }
}
