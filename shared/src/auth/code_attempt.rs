//! Attempts at a code: finding the link that it belongs to, within limits, and the record of a
//! wrong one.

use crate::auth::issue_session::SignInContext;
use crate::auth::rate_limit_client::RateLimitClient;
use crate::domain::audit::Action;
use crate::domain::code::Code;
use crate::domain::ids::{KeyedHash, LinkId};
use crate::domain::known_browser::KnownBrowser;
use crate::domain::link::{Link, Purpose};
use crate::domain::rate_limit::{RateLimit, RateLimitScope};
use crate::http::Problem;
use crate::keys::Signed;
use crate::store::links::{CodeAttempts, CodeLimits, StoredLink};

/// The limits on the codes of one request. Links and addresses appear in them as keyed hashes.
struct Limits<'a> {
    context: &'a SignInContext<'a>,
    marks: &'a [KnownBrowser],
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

impl SignInContext<'_> {
    /// Audits a wrong code, as wrong passwords are. Without a link nobody knows the address: then
    /// the record belongs to no history, and is added for the sake of equal calls.
    ///
    /// # Errors
    /// 503 `unavailable` if the store cannot be reached.
    pub async fn wrong_code(&self, attempts: &CodeAttempts) -> Result<(), Problem> {
        let address = match &attempts.address {
            Some(address) => self.ring.address_hash(address),
            None => KeyedHash::from_bytes(self.app.random.bytes()),
        };
        let recorded = self.record_failure(Action::CodeFailed, address).await;
        Ok(recorded?)
    }

    /// Counts an attempt at each of `links`. Returns the one that `works` and that `code` belongs
    /// to, and what was counted.
    ///
    /// # Errors
    /// 503 `unavailable` if the store cannot be reached.
    pub async fn matching_link(
        &self,
        links: &[LinkId],
        marks: &[KnownBrowser],
        code: &Code,
        works: impl Fn(&StoredLink) -> bool,
    ) -> Result<(Option<Signed<'_, Link>>, CodeAttempts), Problem> {
        let limits = Limits {
            context: self,
            marks,
        };
        let store = &self.app.store;
        let counted = store.count_code_attempts(links, &limits, self.now);
        let mut attempts = counted.await?;
        // Only emails with a sign-in link contain a code.
        let links = std::mem::take(&mut attempts.links);
        let mut signed = links
            .into_iter()
            .filter(|stored| stored.link.purpose == Purpose::SignIn && works(stored))
            .filter_map(|StoredLink { link, kid, .. }| {
                let key = self.ring.get(&kid)?;
                Some(Signed { content: link, key })
            });
        let matching = signed.find(|Signed { content, key }| key.code(&content.id).matches(code));
        Ok((matching, attempts))
    }
}
