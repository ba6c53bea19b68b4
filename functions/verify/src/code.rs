//! Codes: finding the link that one belongs to, with a limit on the attempts.

use crate::{Redeemed, Verify};
use shared::domain::ids::{LinkId, UserId};
use shared::domain::link::{Code, Link, Purpose, RedeemContext};
use shared::domain::rate_limit::{RateLimit, RateLimitScope};
use shared::domain::session::AuthMethod;
use shared::domain::user::Epoch;
use shared::http::Problem;
use shared::keys::Signed;

impl Verify<'_> {
    /// Redeems the link that `code` belongs to, among those that this browser requested.
    ///
    /// Every wrong code gets the same response after the same calls: if it matches no link, a link
    /// that does not exist is redeemed. While the key ring is stale no code is tried, because the
    /// ring may lack the key of the right one.
    pub(crate) async fn by_code(&self, code: &str) -> Result<Redeemed, Problem> {
        if self.context.ring.is_stale() {
            return Err(Problem::unavailable());
        }
        if self.requested.is_empty() {
            return Err(Problem::invalid_token());
        }
        let signed = match self.matching_link(&self.requested, code).await? {
            Some(signed) => signed,
            None => self.nonexistent_link()?,
        };
        let by = RedeemContext {
            same_browser: true,
            idempotency_key: None,
        };
        self.redeem(signed, &by, AuthMethod::Code)
            .await
            .map_err(Problem::uniform)
    }

    /// Fails with 400 if `code` is not the one in the email of `link`. A program that opens links
    /// and presses buttons does not know it.
    pub(crate) async fn require_code(
        &self,
        link: &LinkId,
        code: Option<&str>,
    ) -> Result<(), Problem> {
        let code = code.ok_or_else(Problem::invalid_token)?;
        match self.matching_link(&[*link], code).await? {
            Some(_) => Ok(()),
            None => Err(Problem::invalid_token()),
        }
    }

    /// Counts an attempt at each of `links`, and returns the one that `code` belongs to.
    async fn matching_link(
        &self,
        links: &[LinkId],
        code: &str,
    ) -> Result<Option<Signed<'_, Link>>, Problem> {
        let context = &self.context;
        let limits = links
            .iter()
            .map(|link| (*link, self.attempt_limit(link)))
            .collect();
        let counted = context
            .app
            .store
            .count_code_attempts(limits, context.now)
            .await?;
        let Some(code) = Code::parse(code) else {
            return Ok(None);
        };
        // Only emails with a sign-in link contain a code.
        let mut signed = counted
            .into_iter()
            .filter(|(link, _)| link.purpose == Purpose::SignIn)
            .filter_map(|(content, kid)| {
                let key = context.ring.get(&kid)?;
                Some(Signed { content, key })
            });
        Ok(signed.find(|Signed { content, key }| key.code(&content.id).matches(&code)))
    }

    fn attempt_limit(&self, link: &LinkId) -> RateLimit {
        let context = &self.context;
        let config = &context.app.config.links;
        RateLimit::until(
            context.now.plus(config.lifetime),
            RateLimitScope::Code,
            context.ring.keyed_hash(&["code", &link.to_string()]),
            config.code_attempts,
        )
    }

    /// Returns a link that was never issued. It is random, so that transactions of concurrent wrong
    /// codes do not conflict.
    fn nonexistent_link(&self) -> Result<Signed<'_, Link>, Problem> {
        let context = &self.context;
        let random = &context.app.random;
        let content = Link {
            purpose: Purpose::SignIn,
            id: LinkId::from_bytes(random.bytes()),
            user: UserId::new(random.bytes()),
            address: context.app.config.email.from.clone(),
            epoch: Epoch::new(0),
            expires_at: context.now,
            next: None,
        };
        let key = context.ring.signing_key(context.now);
        let key = key.ok_or_else(Problem::unavailable)?;
        Ok(Signed { content, key })
    }
}
