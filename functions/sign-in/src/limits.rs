//! The limits on password attempts.

use shared::auth::issue_session::SignInContext;
use shared::auth::rate_limit_client::RateLimitClient;
use shared::domain::address::EmailAddress;
use shared::domain::rate_limit::{RateLimit, RateLimitScope};
use shared::domain::time::{HOUR, MINUTE};
use shared::http::Problem;
use shared::store::sign_in::PasswordLimits;
use std::time::Duration;

const QUARTER_HOUR: Duration = Duration::from_secs(15 * MINUTE.as_secs());

/// Returns the limits of one attempt. Address and network appear in them as keyed hashes. `known`
/// is the mark of a bearer client.
pub(crate) fn password_limits(
    context: &SignInContext<'_>,
    address: &EmailAddress,
    known: Option<&str>,
) -> Result<PasswordLimits, Problem> {
    let config = &context.app.config.passwords;
    let marks = context.known_browsers(known)?;
    let client = RateLimitClient::new(&context.ring, context.request, &marks, address);
    let network = client.network.to_string();
    let both = ["password", address.as_str(), &network];
    Ok(PasswordLimits {
        known_browser: client
            .known_browser
            .map(|browser| RateLimit::of_known_browser(browser, context.now)),
        attempts: RateLimit::every(
            QUARTER_HOUR,
            RateLimitScope::Password,
            context.ring.keyed_hash(&both),
            config.attempts,
        ),
        network: RateLimit::every(
            HOUR,
            RateLimitScope::PasswordNetwork,
            client.network,
            config.per_network_hour,
        ),
        address: context.ring.keyed_hash(&["password", address.as_str()]),
        failures: config.failures,
    })
}
