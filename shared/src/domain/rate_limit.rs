//! Rate limits: counters within windows of time.

use crate::domain::ids::KeyedHash;
use crate::domain::known_browser;
use crate::domain::time::{DAY, Timestamp};
use std::time::Duration;

/// The time for which a counter outlives its window.
const RETENTION: Duration = DAY;

/// The event that a limit counts. Its name is the first part of the counter's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitScope {
    /// Requests of one kind for one address from one client, per hour and minute.
    Requests,
    /// Requests from one network per hour.
    RequestsPerNetwork,
    /// Codes tried for one link during its lifetime.
    Code,
    /// Codes tried for one address since its user last signed in.
    CodeFailures,
    /// Sign-in and reset emails to one address per hour.
    EmailsPerHour,
    /// Sign-in and reset emails to one address per day.
    EmailsPerDay,
    /// Sign-in and reset emails of the whole portal per day.
    PortalEmails,
    /// Emails that one known browser requested, per hour.
    KnownBrowserEmailsPerHour,
    /// Emails that one known browser requested, per day.
    KnownBrowserEmailsPerDay,
    /// Sign-up emails to one mailbox per day.
    SignUp,
    /// Sign-up emails of the whole portal per day.
    SignUpEmails,
    /// Invitations of the whole portal per day.
    Invitations,
    /// Passwords tried from one network per hour, and for each address per 15 minutes.
    PasswordNetwork,
    /// Passwords tried for one address since its user last signed in.
    PasswordFailures,
    /// Passwords and codes tried by one known browser since it last signed in.
    KnownBrowserFailures,
}

impl RateLimitScope {
    /// Returns the first part of the counter's key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::RequestsPerNetwork => "requests-per-network",
            Self::Code => "code",
            Self::CodeFailures => "code-failures",
            Self::EmailsPerHour => "emails-per-hour",
            Self::EmailsPerDay => "emails-per-day",
            Self::PortalEmails => "portal-emails",
            Self::KnownBrowserEmailsPerHour => "known-browser-emails-per-hour",
            Self::KnownBrowserEmailsPerDay => "known-browser-emails-per-day",
            Self::SignUp => "sign-up",
            Self::SignUpEmails => "sign-up-emails",
            Self::Invitations => "invitations",
            Self::PasswordNetwork => "password-network",
            Self::PasswordFailures => "password-failures",
            Self::KnownBrowserFailures => "known-browser-failures",
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
    /// The `number`-th of several periods of any length. Only the last one counts.
    Series { number: u64, ends_at: Timestamp },
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

    /// Returns a limit on the `number`-th of several windows, which ends at `ends_at`.
    pub const fn series(
        number: u64,
        ends_at: Timestamp,
        scope: RateLimitScope,
        key: KeyedHash,
        limit: u64,
    ) -> Self {
        Self {
            scope,
            key,
            window: Window::Series { number, ends_at },
            limit,
        }
    }

    /// Returns the limit on what is tried since the `number`-th sign-in. The count is kept for 400
    /// days after the last one.
    pub fn since_sign_in(
        number: u64,
        scope: RateLimitScope,
        key: KeyedHash,
        limit: u64,
        now: Timestamp,
    ) -> Self {
        let ends_at = now.plus(known_browser::LIFETIME);
        Self::series(number, ends_at, scope, key, limit)
    }

    /// Returns the limit on what a known browser tries. Its key is new after each sign-in.
    pub fn of_known_browser(browser: KeyedHash, now: Timestamp) -> Self {
        let scope = RateLimitScope::KnownBrowserFailures;
        Self::since_sign_in(0, scope, browser, known_browser::FAILURES, now)
    }

    /// Returns the key of the item that counts at `now`: `scope#key#window`, where the window is
    /// its start in seconds, or its number in a series.
    pub fn item_key(&self, now: Timestamp) -> String {
        let window = match self.window {
            Window::Aligned(length) => now.secs() - now.secs() % length.as_secs().max(1),
            Window::Series { number, .. } => number,
        };
        format!("{}#{}#{window}", self.scope.as_str(), self.key)
    }

    /// Returns the end of the window that `now` is in.
    pub fn ends_at(&self, now: Timestamp) -> Timestamp {
        match self.window {
            Window::Aligned(length) => {
                let seconds = length.as_secs().max(1);
                Timestamp::from_secs((now.secs() / seconds + 1).saturating_mul(seconds))
            }
            Window::Series { ends_at, .. } => ends_at,
        }
    }

    /// Returns the end of the counter's retention.
    pub fn expires_at(&self, now: Timestamp) -> Timestamp {
        self.ends_at(now).plus(RETENTION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::MINUTE;

    #[test]
    fn windows_are_aligned_to_the_clock() {
        let key = KeyedHash::from_bytes([0; 32]);
        let rate_limit = RateLimit::every(MINUTE, RateLimitScope::PortalEmails, key, 1);
        let (first, last) = (Timestamp::from_secs(120), Timestamp::from_millis(179_999));
        assert_eq!(rate_limit.item_key(first), rate_limit.item_key(last));
        assert_eq!(rate_limit.ends_at(last), Timestamp::from_secs(180));
        assert_ne!(
            rate_limit.item_key(last),
            rate_limit.item_key(Timestamp::from_secs(180))
        );
        assert!(rate_limit.item_key(first).starts_with("portal-emails#"));
    }
}
