//! The parameters that a portal is started with.

use crate::rng::Rng;
use kit::parameters;
use std::collections::BTreeMap;

pub(super) const MINUTE: u64 = 60_000;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;

/// The parameters that the oracle needs to know; durations are in milliseconds.
#[derive(Clone)]
pub(super) struct Rules {
    pub(super) other_browser: &'static str,
    /// The first redeemed link activates an invited user.
    pub(super) activates: bool,
    pub(super) session_lifetime: u64,
    pub(super) link_lifetime: u64,
    /// Login requests per address and network in a minute and an hour, and per network in an hour.
    pub(super) requests: [u64; 3],
    /// Emails per address in an hour and a day, and per portal in a day.
    pub(super) emails: [u64; 3],
    pub(super) code_attempts: u64,
}

impl Rules {
    pub(super) fn random(rng: &mut Rng) -> Self {
        const AMPLE: [u64; 3] = [1000, 1000, 100_000];
        Self {
            other_browser: rng.pick::<&str>(&["button", "button", "button", "code", "off"]),
            activates: rng.one_in(3),
            session_lifetime: *rng.pick(&[HOUR, DAY, DAY, 87_660 * HOUR]),
            link_lifetime: *rng.pick(&[MINUTE, 15 * MINUTE, 15 * MINUTE, DAY]),
            requests: *rng.pick(&[
                [1, 5, 200],
                [10, 1000, 100_000],
                [10, 1000, 100_000],
                [3, 20, 15],
            ]),
            emails: *rng.pick(&[[15, 40, 1000], AMPLE, AMPLE, [4, 10, 30]]),
            code_attempts: *rng.pick(&[1, 3, 5, 5]),
        }
    }

    pub(super) fn parameters(&self) -> BTreeMap<String, String> {
        let activation = if self.activates { "link" } else { "password" };
        let words = [
            ("OtherBrowser", self.other_browser),
            ("Activation", activation),
        ];
        let numbers = [
            ("SessionHours", self.session_lifetime / HOUR),
            ("LinkMinutes", self.link_lifetime / MINUTE),
            ("CodeAttempts", self.code_attempts),
            ("RequestsPerMinute", self.requests[0]),
            ("RequestsPerHour", self.requests[1]),
            ("RequestsPerNetworkHour", self.requests[2]),
            ("EmailsPerHour", self.emails[0]),
            ("EmailsPerDay", self.emails[1]),
            ("EmailsPerDayPortal", self.emails[2]),
        ];
        let mut parameters = parameters(&words);
        let numbers = numbers.map(|(name, value)| (name.to_owned(), value.to_string()));
        parameters.extend(numbers);
        parameters
    }
}
