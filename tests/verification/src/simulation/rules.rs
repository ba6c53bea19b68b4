//! The parameters that a portal is started with.

use crate::rng::Rng;
use kit::{CHEAP_HASHES, parameters};
use std::collections::BTreeMap;

pub(super) const MINUTE: u64 = 60_000;
pub(super) const QUARTER_HOUR: u64 = 15 * MINUTE;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;

/// The parameters that the oracle needs to know; durations are in milliseconds.
#[derive(Clone)]
pub(super) struct Rules {
    pub(super) other_browser: &'static str,
    /// The portal has passwords; else the first redeemed link activates an invited user.
    pub(super) has_passwords: bool,
    pub(super) has_sign_up: bool,
    pub(super) session_lifetime: u64,
    pub(super) link_lifetime: u64,
    pub(super) reset_lifetime: u64,
    /// Requests of a kind for an address by a client in a minute and an hour, and of a network in
    /// an hour.
    pub(super) requests: [u64; 3],
    /// Emails per address in an hour and a day, and per portal in a day.
    pub(super) emails: [u64; 3],
    /// Sign-up emails per mailbox in a day.
    pub(super) sign_ups: u64,
    pub(super) code_attempts: u64,
    /// Passwords per address and network in 15 minutes, per network in an hour, and per address
    /// between two sign-ins. The last one limits codes too.
    pub(super) passwords: [u64; 3],
}

impl Rules {
    pub(super) fn random(rng: &mut Rng) -> Self {
        const AMPLE: [u64; 3] = [1000, 1000, 100_000];
        Self {
            other_browser: rng.pick::<&str>(&["button", "button", "button", "code", "off"]),
            has_passwords: !rng.one_in(3),
            has_sign_up: !rng.one_in(4),
            session_lifetime: *rng.pick(&[HOUR, DAY, DAY, 87_660 * HOUR]),
            link_lifetime: *rng.pick(&[MINUTE, 15 * MINUTE, 15 * MINUTE, DAY]),
            reset_lifetime: *rng.pick(&[5 * MINUTE, HOUR]),
            requests: *rng.pick(&[
                [1, 5, 200],
                [10, 1000, 100_000],
                [10, 1000, 100_000],
                [3, 20, 15],
            ]),
            emails: *rng.pick(&[[15, 40, 1000], AMPLE, AMPLE, [4, 10, 30], [20, 40, 3]]),
            sign_ups: *rng.pick(&[3, 1000]),
            code_attempts: *rng.pick(&[1, 3, 5, 5]),
            passwords: *rng.pick(&[
                [10, 100, 100],
                [3, 8, 10],
                [1000, 1000, 10],
                [1000, 1000, 10_000],
            ]),
        }
    }

    pub(super) fn parameters(&self) -> BTreeMap<String, String> {
        let activation = if self.has_passwords {
            "password"
        } else {
            "link"
        };
        let words = [
            ("OtherBrowser", self.other_browser),
            ("Activation", activation),
            // Those of the events that the oracle knows.
            ("Notices", "password-changed"),
            ("SelfSignUp", if self.has_sign_up { "on" } else { "off" }),
        ];
        let numbers = [
            ("SessionHours", self.session_lifetime / HOUR),
            ("LinkMinutes", self.link_lifetime / MINUTE),
            ("ResetMinutes", self.reset_lifetime / MINUTE),
            ("CodeAttempts", self.code_attempts),
            ("RequestsPerMinute", self.requests[0]),
            ("RequestsPerHour", self.requests[1]),
            ("RequestsPerNetworkHour", self.requests[2]),
            ("SignUpsPerDay", self.sign_ups),
            ("EmailsPerHour", self.emails[0]),
            ("EmailsPerDay", self.emails[1]),
            ("EmailsPerDayPortal", self.emails[2]),
            ("PasswordAttempts", self.passwords[0]),
            ("PasswordPerNetworkHour", self.passwords[1]),
            ("PasswordFailures", self.passwords[2]),
        ];
        let mut all = parameters(&words);
        all.extend(parameters(&CHEAP_HASHES));
        let numbers = numbers.map(|(name, value)| (name.to_owned(), value.to_string()));
        all.extend(numbers);
        all
    }
}
