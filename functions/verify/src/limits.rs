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

    fn of_known_browser(&self, link: &Link) -> Option<RateLimit> {
        let context = self.context;
        RateLimitClient::new(&context.ring, context.request, self.marks, &link.address)
            .known_browser
            .map(|browser| RateLimit::of_known_browser(browser, context.now))
    }

    fn of_address(&self, id: &LinkId, link: Option<&Link>, sign_ins: u64) -> RateLimit {
        let context = self.context;
        let key = match link {
            Some(link) => context.ring.keyed_hash(&["codes", link.address.as_str()]),
            None => context.ring.keyed_hash(&["codes", &id.to_string()]),
        };
        let limit = context.app.config.passwords.failures;
        let scope = RateLimitScope::CodeFailures;
        RateLimit::since_sign_in(sign_ins, scope, key, limit, context.now)
    }
}
