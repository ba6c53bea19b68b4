//! Points in time, and units of time.

use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(60 * 60);
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A point in time: milliseconds since the Unix epoch, UTC. Tables store milliseconds, except in
/// `expires_at`, which DynamoDB's TTL requires in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(u64);

impl Timestamp {
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Returns whole seconds since the Unix epoch, rounded down.
    pub const fn secs(self) -> u64 {
        self.0 / 1000
    }

    /// Returns the time `duration` later, or the last one that can be represented.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)),
        )
    }

    /// Returns the time `duration` earlier, or the Unix epoch.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)),
        )
    }

    /// Returns the duration since `earlier`, or zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Returns the form of requests and responses: RFC 3339 in UTC, in whole seconds.
    pub fn rfc3339(self) -> String {
        self.date_time().format(&Rfc3339).unwrap_or_default()
    }

    /// Parses RFC 3339, with any offset and any fraction of a second. Fails for a time before 1970.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let nanos = OffsetDateTime::parse(text, &Rfc3339)
            .ok()?
            .unix_timestamp_nanos();
        Some(Self(u64::try_from(nanos / 1_000_000).ok()?))
    }

    /// Returns year, month, day, hour and minute, in UTC.
    pub fn parts(self) -> [usize; 5] {
        let date = self.date_time();
        let year = usize::try_from(date.year()).unwrap_or_default();
        let [month, day] = [u8::from(date.month()), date.day()].map(usize::from);
        let [hour, minute] = [date.hour(), date.minute()].map(usize::from);
        [year, month, day, hour, minute]
    }

    fn date_time(self) -> OffsetDateTime {
        let secs = i64::try_from(self.secs()).unwrap_or(i64::MAX);
        OffsetDateTime::from_unix_timestamp(secs).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;

    #[test]
    fn a_timestamp_is_formatted_as_rfc_3339_and_in_words() {
        let moment = Timestamp::from_secs(1_795_269_900);
        assert_eq!(moment.rfc3339(), "2026-11-21T14:05:00Z");
        let in_words = Language::ALL.map(|language| language.moment(moment));
        let expected = [
            "21 November 2026 at 14:05 UTC",
            "21.\u{a0}November 2026 um 14:05\u{a0}Uhr UTC",
        ];
        assert_eq!(in_words, expected);
    }

    #[test]
    fn rfc_3339_is_parsed_with_offsets_and_fractions() {
        for (text, millis) in [
            ("2026-11-21T14:05:00Z", 1_795_269_900_000),
            ("2026-11-21T16:05:00+02:00", 1_795_269_900_000),
            ("2026-11-21t14:05:00.0019z", 1_795_269_900_001),
            ("1970-01-01T00:00:00Z", 0),
        ] {
            let parsed = Timestamp::parse_rfc3339(text);
            assert_eq!(parsed, Some(Timestamp::from_millis(millis)), "{text}");
        }
        for wrong in [
            "",
            "2026-11-21",
            "2026-11-21T14:05:00",
            "1969-12-31T23:59:59Z",
            "0",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_duration_is_never_negative() {
        let (early, late) = (Timestamp::from_secs(1), Timestamp::from_secs(3));
        assert_eq!(late.since(early), Duration::from_secs(2));
        assert_eq!(early.since(late), Duration::ZERO);
    }
}
