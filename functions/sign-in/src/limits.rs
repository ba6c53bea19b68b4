//! The limits on password attempts.

use shared::auth::issue_session::SignInContext;
use shared::domain::address::EmailAddress;
use shared::domain::rate_limit::{RateLimit, RateLimitScope};
use shared::domain::time::{HOUR, MINUTE};
use shared::store::sign_in::PasswordLimits;
use std::time::Duration;

const QUARTER_HOUR: Duration = Duration::from_secs(15 * MINUTE.as_secs());

/// The rate limits of one attempt. Address and network appear in them as keyed hashes.
pub(crate) struct Limits {
    attempts: RateLimit,
    consecutive_failures: RateLimit,
    network: RateLimit,
}

impl Limits {
    pub(crate) fn new(context: &SignInContext<'_>, address: &EmailAddress) -> Self {
        let config = &context.app.config.passwords;
        let address = context.ring.keyed_hash(&["password", address.as_str()]);
        let network = context.request.client().network();
        let network = context.ring.keyed_hash(&["network", &network]);
        Self {
            attempts: RateLimit::every(
                QUARTER_HOUR,
                RateLimitScope::Password,
                address,
                config.attempts,
            ),
            consecutive_failures: RateLimit::until(
                context.now,
                RateLimitScope::ConsecutiveFailures,
                address,
                config.failures,
            ),
            network: RateLimit::every(
                HOUR,
                RateLimitScope::PasswordNetwork,
                network,
                config.per_network_hour,
            ),
        }
    }

    pub(crate) const fn as_ref(&self) -> PasswordLimits<'_> {
        PasswordLimits {
            attempts: &self.attempts,
            consecutive_failures: &self.consecutive_failures,
            network: &self.network,
        }
    }
}
