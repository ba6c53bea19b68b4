//! The limits on password attempts.

use crate::domain::rate_limit::RateLimit;
use crate::domain::time::{DAY, Timestamp};
use crate::store::Store;
use crate::store::expression::Expression;
use crate::store::item::{Item, n, number};
use crate::store::rate_limits;
use std::time::Duration;

/// The time for which consecutive failures are remembered after the last one.
const FAILURES_RETENTION: Duration = DAY.saturating_mul(400);

/// The limits that apply to one attempt.
pub struct PasswordLimits<'a> {
    /// All attempts at one address within a window.
    pub attempts: &'a RateLimit,
    /// Wrong passwords for one address since its user last signed in or reset the password.
    pub consecutive_failures: &'a RateLimit,
    /// Wrong passwords from one network within a window.
    pub network: &'a RateLimit,
}

/// The consecutive wrong passwords for one address. Any sign-in and any reset ends the streak.
#[derive(Clone, Copy, Default)]
pub(super) struct FailureStreak {
    count: u64,
    /// The number of sign-ins of the user when the streak began.
    since_sign_in: u64,
}

impl FailureStreak {
    /// Returns the streak that is stored among the `rows` that were read.
    pub(super) fn read(rows: &[Item], limit: &RateLimit, now: Timestamp) -> Self {
        let Some(row) = rate_limits::row(rows, limit, now) else {
            return Self::default();
        };
        Self {
            count: number(row, "count").unwrap_or_default(),
            since_sign_in: number(row, "sign_ins").unwrap_or_default(),
        }
    }

    /// Returns true if the streak has reached `limit` and has not been ended by a sign-in.
    /// `sign_ins` is the number of the user's sign-ins now.
    pub(super) const fn is_capped(self, sign_ins: u64, limit: u64) -> bool {
        self.since_sign_in == sign_ins && self.count >= limit
    }
}

impl Store {
    /// Returns the update that adds a failure to `streak`, or begins a new streak if a sign-in has
    /// ended it. Its condition is that no new streak has begun since `streak` was read: a late
    /// update takes no failure back.
    pub(super) fn one_more_failure(
        &self,
        streak: FailureStreak,
        sign_ins: u64,
        limit: &RateLimit,
        now: Timestamp,
    ) -> Expression {
        let row = self.rate_limit_row(limit, now);
        let counted = if streak.since_sign_in == sign_ins {
            row.add("#count :one")
        } else {
            row.set("#count = :one")
        };
        counted
            .set("sign_ins = :sign_ins, expires_at = :expires_at")
            .when("attribute_not_exists(sign_ins) OR sign_ins = :was")
            .names([("#count", "count")])
            .values([
                (":one", n(1)),
                (":was", n(streak.since_sign_in)),
                (":sign_ins", n(sign_ins)),
                (":expires_at", n(now.plus(FAILURES_RETENTION).secs())),
            ])
    }
}
