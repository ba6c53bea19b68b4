//! Rate limits: counters within windows of time.

use crate::domain::ids::KeyedHash;
use crate::domain::time::Timestamp;
use std::time::Duration;

/// The event that a limit counts. Its name is the first part of the counter's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitScope {
    /// Requests for one address from one network per minute.
    RequestsPerMinute,
    /// Requests for one address from one network per hour.
    RequestsPerHour,
    /// Requests from one network per hour.
    RequestsPerNetwork,
    /// Codes tried for one link during its lifetime.
    Code,
    /// Emails to one address per hour.
    EmailsPerHour,
    /// Emails to one address per day.
    EmailsPerDay,
    /// Self-requested emails of the whole portal per day.
    PortalEmails,
    /// Emails of administrators and notices of the whole portal per day. Requests of strangers do
    /// not count here.
    ReservedEmails,
    /// Sign-ups for one mailbox per day.
    SignUp,
    /// Password attempts for one address per 15 minutes.
    Password,
    /// Consecutive wrong passwords for one address.
    ConsecutiveFailures,
    /// Wrong passwords from one network per hour.
    PasswordNetwork,
}

impl RateLimitScope {
    /// Returns the first part of the counter's key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequestsPerMinute => "requests-per-minute",
            Self::RequestsPerHour => "requests-per-hour",
            Self::RequestsPerNetwork => "requests-per-network",
            Self::Code => "code",
            Self::EmailsPerHour => "emails-per-hour",
            Self::EmailsPerDay => "emails-per-day",
            Self::PortalEmails => "portal-emails",
            Self::ReservedEmails => "reserved-emails",
            Self::SignUp => "sign-up",
            Self::Password => "password",
            Self::ConsecutiveFailures => "consecutive-failures",
            Self::PasswordNetwork => "password-network",
        }
    }
}

/// One counter: at most `limit` counts of `scope` for `key` in each window.
#[derive(Clone, Debug)]
pub struct RateLimit {
    pub scope: RateLimitScope,
    /// The address, network or link that is counted for.
    pub key: KeyedHash,
    pub window: Window,
    /// Maximum count per window.
    pub limit: u64,
}

/// A period within which counts add up.
#[derive(Clone, Copy, Debug)]
pub enum Window {
    /// Periods of this length, starting at its multiples since the Unix epoch.
    Aligned(Duration),
    /// A single period with this end.
    Until(Timestamp),
}

impl RateLimit {
    /// Returns a limit on each window of this `length`.
    pub const fn every(
        length: Duration,
        scope: RateLimitScope,
        key: KeyedHash,
        limit: u64,
    ) -> Self {
        Self {
            scope,
            key,
            window: Window::Aligned(length),
            limit,
        }
    }

    /// Returns a limit on the single window that ends at `end`.
    pub const fn until(end: Timestamp, scope: RateLimitScope, key: KeyedHash, limit: u64) -> Self {
        Self {
            scope,
            key,
            window: Window::Until(end),
            limit,
        }
    }

    /// Returns the key of the item that counts at `now`: `scope#key#start`, where the start of the
    /// window is in seconds.
    pub fn item_key(&self, now: Timestamp) -> String {
        let start = match self.window {
            Window::Aligned(length) => now.secs() - now.secs() % length.as_secs().max(1),
            Window::Until(_) => 0,
        };
        format!("{}#{}#{start}", self.scope.as_str(), self.key)
    }

    /// Returns the end of the window that `now` is in.
    pub fn ends_at(&self, now: Timestamp) -> Timestamp {
        match self.window {
            Window::Aligned(length) => {
                let seconds = length.as_secs().max(1);
                Timestamp::from_secs((now.secs() / seconds + 1).saturating_mul(seconds))
            }
            Window::Until(end) => end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::MINUTE;

    #[test]
    fn windows_are_aligned_to_the_clock() {
        let key = KeyedHash::from_bytes([0; 32]);
        let rate_limit = RateLimit::every(MINUTE, RateLimitScope::RequestsPerMinute, key, 1);
        let (first, last) = (Timestamp::from_secs(120), Timestamp::from_millis(179_999));
        assert_eq!(rate_limit.item_key(first), rate_limit.item_key(last));
        assert_eq!(rate_limit.ends_at(last), Timestamp::from_secs(180));
        assert_ne!(
            rate_limit.item_key(last),
            rate_limit.item_key(Timestamp::from_secs(180))
        );
        assert!(
            rate_limit
                .item_key(first)
                .starts_with("requests-per-minute#")
        );
    }
}
