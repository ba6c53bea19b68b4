//! The limits on codes.

use shared::auth::issue_session::SignInContext;
use shared::auth::rate_limit_client::RateLimitClient;
use shared::domain::ids::LinkId;
use shared::domain::known_browser::KnownBrowser;
use shared::domain::link::Link;
use shared::domain::rate_limit::{RateLimit, RateLimitScope};
use shared::store::links::CodeLimits;

/// The limits on the codes of one request. Links and addresses appear in them as keyed hashes.
pub(crate) struct Limits<'a> {
    pub(crate) context: &'a SignInContext<'a>,
    pub(crate) marks: &'a [KnownBrowser],
}

impl CodeLimits for Limits<'_> {
    fn of_link(&self, link: &LinkId) -> RateLimit {
        let context = self.context;
        let config = &context.app.config.links;
        RateLimit::series(
            0,
            context
                .now
                .plus(config.lifetime.max(config.activation_lifetime)),
            RateLimitScope::Code,
            context.ring.keyed_hash(&["code", &link.to_string()]),
            config.code_attempts,
        )
    }

    fn of_address(&self, id: &LinkId, link: Option<&Link>, sign_ins: u64) -> RateLimit {
        let (ring, now) = (&self.context.ring, self.context.now);
        let known_browser = link.and_then(|link| {
            RateLimitClient::new(ring, self.context.request, self.marks, &link.address)
                .known_browser
        });
        if let Some(browser) = known_browser {
            return RateLimit::of_known_browser(browser, now);
        }
        let key = match link {
            Some(link) => ring.keyed_hash(&["codes", link.address.as_str()]),
            None => ring.keyed_hash(&["codes", &id.to_string()]),
        };
        let limit = self.context.app.config.passwords.failures;
        RateLimit::since_sign_in(sign_ins, RateLimitScope::CodeFailures, key, limit, now)
    }
}
