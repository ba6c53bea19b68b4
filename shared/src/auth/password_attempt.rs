//! Attempts at a password: their limits, and the record of a wrong one.

use crate::auth::issue_session::SignInContext;
use crate::auth::rate_limit_client::RateLimitClient;
use crate::domain::address::EmailAddress;
use crate::domain::audit::Action;
use crate::domain::language::sentences::fill;
use crate::domain::password::Password;
use crate::domain::rate_limit::{RateLimit, RateLimitScope};
use crate::domain::time::HOUR;
use crate::http::Problem;
use crate::store::sign_in::PasswordLimits;

/// Parses the password in this field of a request.
///
/// # Errors
/// 400 `invalid-request` if it is empty or too long for any password.
pub fn parse_password(field: &'static str, text: &str) -> Result<Password, Problem> {
    Password::parse(text).ok_or_else(|| {
        Problem::invalid_field(field, move |t| {
            fill(t.password_invalid, &[("field", field)])
        })
    })
}

impl SignInContext<'_> {
    /// Returns the limits of one attempt. Address and network appear in them as keyed hashes.
    /// `known` is the mark of a bearer client.
    ///
    /// # Errors
    /// 400 for a cookie that was sent twice.
    pub fn password_limits(
        &self,
        address: &EmailAddress,
        known: Option<&str>,
    ) -> Result<PasswordLimits, Problem> {
        let config = &self.app.config.passwords;
        let marks = self.known_browsers(known)?;
        let client = RateLimitClient::new(&self.ring, self.request, &marks, address);
        Ok(PasswordLimits {
            known_browser: client
                .known_browser
                .map(|browser| RateLimit::of_known_browser(browser, self.now)),
            network: RateLimit::every(
                HOUR,
                RateLimitScope::PasswordNetwork,
                client.network,
                config.per_network_hour,
            ),
            address: self.ring.keyed_hash(&["password", address.as_str()]),
            attempts: config.attempts,
            failures: config.failures,
        })
    }

    /// Audits a wrong password, for every address. Returns the problem to respond with.
    pub async fn wrong_password(&self, address: &EmailAddress) -> Problem {
        let address = self.ring.address_hash(address);
        match self.record_failure(Action::LoginFailed, address).await {
            Ok(()) => Problem::invalid_credentials(),
            Err(unavailable) => unavailable.into(),
        }
    }
}
