//! The limits on password attempts.

use shared::auth::issue_session::SignInContext;
use shared::auth::rate_limit_client::RateLimitClient;
use shared::domain::address::EmailAddress;
use shared::domain::rate_limit::{RateLimit, RateLimitScope};
use shared::domain::time::HOUR;
use shared::http::Problem;
use shared::store::sign_in::PasswordLimits;

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
    Ok(PasswordLimits {
        known_browser: client
            .known_browser
            .map(|browser| RateLimit::of_known_browser(browser, context.now)),
        network: RateLimit::every(
            HOUR,
            RateLimitScope::PasswordNetwork,
            client.network,
            config.per_network_hour,
        ),
        address: context.ring.keyed_hash(&["password", address.as_str()]),
        attempts: config.attempts,
        failures: config.failures,
    })
}
