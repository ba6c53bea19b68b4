//! The limits on password attempts.

use crate::domain::ids::KeyedHash;
use crate::domain::rate_limit::{RateLimit, RateLimitScope};
use crate::domain::time::Timestamp;

/// The limits that apply to one attempt. All are counted before the password is verified.
pub struct PasswordLimits {
    /// Attempts of this known browser since it last signed in. Only they count, until it is
    /// reached.
    pub known_browser: Option<RateLimit>,
    /// Attempts at the address from the network within a window. Visible.
    pub attempts: RateLimit,
    /// Attempts from the network within a window. Visible.
    pub network: RateLimit,
    /// The address, for the attempts since its user last signed in. Silent.
    pub address: KeyedHash,
    /// Maximum number of those attempts.
    pub failures: u64,
}

impl PasswordLimits {
    /// Returns the limit on attempts at the address since its user signed in for the `sign_ins`-th
    /// time. Any sign-in and any reset starts a new count.
    pub(super) fn failures(&self, sign_ins: u64, now: Timestamp) -> RateLimit {
        let scope = RateLimitScope::PasswordFailures;
        RateLimit::since_sign_in(sign_ins, scope, self.address, self.failures, now)
    }
}
