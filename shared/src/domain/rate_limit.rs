//! Counting within windows that are aligned to the clock.

use crate::domain::ids::KeyedHash;
use crate::domain::time::Timestamp;
use std::time::Duration;

/// What is counted. The name is the first part of the counter's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitScope {
    /// Asks for one address from one network, by the minute.
    RequestsPerMinute,
    /// Asks for one address from one network, by the hour.
    RequestsPerHour,
    /// Asks from one network, by the hour.
    RequestsPerNetwork,
    /// Code attempts at one link, for as long as it can live.
    Code,
    /// Mails to one address, by the hour.
    EmailsPerHour,
    /// Mails to one address, by the day.
    EmailsPerDay,
    /// Self-requested mails of the whole portal, by the day.
    PortalEmails,
    /// Mails of administrators, and notices, of the whole portal, by the day: what strangers ask
    /// for takes none of it.
    ReservedEmails,
    /// Sign-ups for one mailbox, by the day.
    SignUp,
    /// Password attempts for one address, by the quarter of an hour.
    Password,
    /// Wrong passwords for one address in a row.
    ConsecutiveFailures,
    /// Wrong passwords from one network, by the hour.
    PasswordNetwork,
}

impl RateLimitScope {
    /// The first part of the counter's key.
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
    /// What is counted.
    pub scope: RateLimitScope,
    /// For whom.
    pub key: KeyedHash,
    /// In which stretches of time.
    pub window: Window,
    /// How many fit into one window.
    pub limit: u64,
}

/// A stretch of time within which counts add up.
#[derive(Clone, Copy, Debug)]
pub enum Window {
    /// Of this length, starting at its multiples since the epoch.
    Aligned(Duration),
    /// One only, for something that is over by then.
    Until(Timestamp),
}

impl RateLimit {
    /// Creates a limit of `limit` counts in each window of this `length`.
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

    /// The row that counts at `now`: `scope#key#start of the window in seconds`.
    pub fn row(&self, now: Timestamp) -> String {
        let start = match self.window {
            Window::Aligned(length) => now.secs() - now.secs() % length.as_secs().max(1),
            Window::Until(_) => 0,
        };
        format!("{}#{}#{start}", self.scope.as_str(), self.key)
    }

    /// When the window that `now` is in ends.
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

    #[test]
    fn windows_are_aligned_to_the_clock() {
        let throttle = RateLimit {
            scope: RateLimitScope::RequestsPerMinute,
            key: KeyedHash::from_bytes([0; 32]),
            window: Window::Aligned(Duration::from_secs(60)),
            limit: 1,
        };
        let (first, last) = (Timestamp::from_secs(120), Timestamp::from_millis(179_999));
        assert_eq!(throttle.row(first), throttle.row(last));
        assert_eq!(throttle.ends_at(last), Timestamp::from_secs(180));
        assert_ne!(throttle.row(last), throttle.row(Timestamp::from_secs(180)));
        assert!(throttle.row(first).starts_with("requests-per-minute#"));
    }
}
