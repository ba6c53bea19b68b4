//! Gives back what a right password was counted for.

use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::store::item::n;
use crate::store::sign_in::{PasswordAttempt, PasswordLimits};

impl Store {
    /// Takes an attempt back from the visible limits of its network, because its password was
    /// right. A count that cannot be taken back stays: it limits this network only.
    ///
    /// The counts of the address and of a known browser start anew with the sign-in.
    ///
    /// Costs 2 updates, concurrently; nothing for a known browser.
    pub async fn forget_password_attempt(
        &self,
        attempt: &PasswordAttempt,
        limits: &PasswordLimits,
        now: Timestamp,
    ) {
        if attempt.by_known_browser {
            return;
        }
        let forget = |limit: &RateLimit| {
            let less = self
                .rate_limit_row(limit, now)
                .set("#count = #count - :one")
                .when("#count >= :one")
                .names([("#count", "count")])
                .values([(":one", n(1))]);
            self.update("forget_password_attempt", less)
        };
        let _best_effort = tokio::join!(forget(&limits.attempts), forget(&limits.network));
    }
}
