//! The oracle of requests for emails: what its client has requested decides, and nothing else.

use super::emails::Kind;
use super::limits::RequestLimits;
use super::model::REPEATABLE_FOR;
use super::portal::PortalUnderTest;
use super::rules::{HOUR, MINUTE};
use crate::ensure;
use crate::outcome::detail;
use kit::ApiResponse;
use shared::domain::link::IdempotencyKey;
use shared::domain::rate_limit::RateLimit;

/// A request for an email that is about to be sent.
pub(super) struct EmailRequest {
    pub(super) kind: Kind,
    pub(super) client: usize,
    pub(super) person: usize,
    /// Is empty if the client sends none.
    pub(super) key: String,
    pub(super) name: String,
    pub(super) has_next: bool,
    pub(super) is_form: bool,
}

/// The result that a request for an email must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Queued,
    /// The email was queued by an earlier request with the same key.
    Repeated,
    /// Too many, until this time.
    Refused(u64),
}

impl PortalUnderTest<'_> {
    /// Returns the result that a request must have, from what its client has requested before.
    pub(super) fn expect_request(
        &mut self,
        email: &EmailRequest,
        limits: &RequestLimits,
    ) -> Expected {
        let now = self.now();
        let counters = &mut self.model.counters;
        let RequestLimits {
            requests, network, ..
        } = limits;
        counters.touch(requests, now);
        counters.touch(requests, now - HOUR);
        if let Some(network) = network {
            counters.touch(network, now);
        }
        let key = key_attribute(&email.key);
        let is_recent = |hour| {
            let at = counters.number(requests, &key, hour);
            !email.key.is_empty() && at + REPEATABLE_FOR >= now
        };
        if is_recent(now) || is_recent(now - HOUR) {
            return Expected::Repeated;
        }
        let hour_ends = (now / HOUR + 1) * HOUR;
        let minute_ends = (now / MINUTE + 1) * MINUTE;
        let in_minute = counters.number(requests, &minute_attribute(now), now);
        let is_full = |limit: &RateLimit| counters.is_full(limit, now);
        let ends = [
            is_full(requests).then_some(hour_ends),
            (in_minute >= limits.per_minute).then_some(minute_ends),
            network.as_ref().is_some_and(is_full).then_some(hour_ends),
        ];
        let refused_until = ends.into_iter().flatten().max();
        refused_until.map_or(Expected::Queued, Expected::Refused)
    }

    pub(super) fn count_request(&mut self, email: &EmailRequest, limits: &RequestLimits) {
        let now = self.now();
        let counters = &mut self.model.counters;
        counters.add(&limits.requests, "count", now);
        counters.add(&limits.requests, &minute_attribute(now), now);
        let key = if email.key.is_empty() {
            // The portal has made one up.
            format!("key-unknown-{}", self.model.links.len())
        } else {
            key_attribute(&email.key)
        };
        counters.set(&limits.requests, &key, now, now);
        if let Some(network) = &limits.network {
            counters.add(network, "count", now);
        }
    }

    /// Checks that a refusal says how long to wait.
    pub(super) fn check_wait(&self, response: &ApiResponse, until: u64) -> Result<(), String> {
        let wait = (until - self.now()).div_ceil(1000);
        let header = response.headers.get("retry-after");
        ensure!(
            detail(response, "retry_after") == Some(wait)
                && (response.status != 429 || header == Some(&wait.to_string())),
            "the wait must be {wait}: {} {}",
            response.location(),
            response.body
        );
        Ok(())
    }
}

/// Returns the attribute that has the time of the request with a key.
fn key_attribute(key: &str) -> String {
    let hash = IdempotencyKey::parse(key).map(|key| key.hash().to_string());
    format!("key-{}", hash.unwrap_or_default())
}

/// Returns the attribute that counts the requests of a minute.
fn minute_attribute(now: u64) -> String {
    format!("minute-{}", now / MINUTE % 60)
}
