//! Gives back what a right password was counted for.

use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::store::sign_in::{PasswordAttempt, PasswordLimits};

impl Store {
    /// Takes an attempt back from the visible limits of its network, because its password was
    /// right. A count that cannot be taken back stays: it limits this network only.
    ///
    /// The counts of the address and of a known browser start anew with the sign-in.
    ///
    /// Costs 1 update; nothing for a known browser.
    pub async fn forget_password_attempt(
        &self,
        attempt: &PasswordAttempt,
        limits: &PasswordLimits,
        now: Timestamp,
    ) {
        if !attempt.by_known_browser {
            let _best_effort = self.forget_for_network(limits, now).await;
        }
    }
}
