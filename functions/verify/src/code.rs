//! Codes: finding the link that one belongs to, with a limit on the attempts.

use crate::limits::Limits;
use crate::{Redeemed, Verify};
use shared::domain::audit::Action;
use shared::domain::code::Code;
use shared::domain::ids::{KeyedHash, LinkId, UserId};
use shared::domain::link::{Link, LinkAccount, LinkNext, Purpose, RedeemContext};
use shared::domain::session::AuthMethod;
use shared::domain::user::Epoch;
use shared::http::Problem;
use shared::http::problem::ProblemType;
use shared::keys::Signed;
use shared::store::links::{CodeAttempts, StoredLink};

impl Verify<'_> {
    /// Redeems the link that `code` belongs to, among those that this browser requested in the last
    /// ten minutes.
    ///
    /// Every wrong code gets the same response after the same calls: if it matches no link, a link
    /// that does not exist is redeemed. While the key ring is stale no code is tried, because the
    /// ring may lack the key of the right one.
    pub(crate) async fn by_code(&self, code: &str) -> Result<Redeemed, Problem> {
        let code = Code::parse(code)?;
        if self.context.ring.is_stale() {
            return Err(Problem::unavailable());
        }
        if self.requested.is_empty() {
            return Err(Problem::invalid_token());
        }
        let now = self.context.now;
        let is_fresh = |stored: &StoredLink| stored.has_fresh_code(now);
        let (matching, attempts) = self.matching_link(&self.requested, &code, is_fresh).await?;
        let signed = match matching {
            Some(signed) => signed,
            None => self.nonexistent_link()?,
        };
        let by = RedeemContext {
            same_browser: true,
            idempotency_key: None,
        };
        let error = match self.redeem(signed, &by, AuthMethod::Code).await {
            Ok(redeemed) => return Ok(redeemed),
            Err(error) => error,
        };
        // The code was right, but its link was used in another browser; or nobody knows yet.
        if matches!(
            error.kind,
            ProblemType::UsedToken | ProblemType::Unavailable
        ) {
            return Err(error);
        }
        self.record_failure(&attempts).await?;
        Err(error.uniform(attempts.left))
    }

    /// Fails with 400 if `code` is not the one in the email of `link`. A program that opens links
    /// and presses buttons does not know it. It works as long as the link, because it proves
    /// nothing else.
    pub(crate) async fn require_code(&self, link: &LinkId, code: &str) -> Result<(), Problem> {
        let code = Code::parse(code)?;
        match self.matching_link(&[*link], &code, |_| true).await? {
            (Some(_), _) => Ok(()),
            (None, attempts) => {
                self.record_failure(&attempts).await?;
                Err(Problem::wrong_code(attempts.left))
            }
        }
    }

    /// Audits a wrong code, as wrong passwords are. Without a link nobody knows the address: then
    /// the record belongs to no history, and is added for the sake of equal calls.
    async fn record_failure(&self, attempts: &CodeAttempts) -> Result<(), Problem> {
        let context = &self.context;
        let address = match &attempts.address {
            Some(address) => context.ring.address_hash(address),
            None => KeyedHash::from_bytes(context.app.random.bytes()),
        };
        let recorded = context.record_failure(Action::CodeFailed, address).await;
        Ok(recorded?)
    }

    /// Counts an attempt at each of `links`. Returns the one that `works` and that `code` belongs
    /// to, and what was counted.
    async fn matching_link(
        &self,
        links: &[LinkId],
        code: &Code,
        works: impl Fn(&StoredLink) -> bool,
    ) -> Result<(Option<Signed<'_, Link>>, CodeAttempts), Problem> {
        let context = &self.context;
        let store = &context.app.store;
        let limits = Limits {
            context,
            marks: &self.marks,
        };
        let mut attempts = store
            .count_code_attempts(links, &limits, context.now)
            .await?;
        // Only emails with a sign-in link contain a code.
        let links = std::mem::take(&mut attempts.links);
        let mut signed = links
            .into_iter()
            .filter(|stored| stored.link.purpose == Purpose::SignIn && works(stored))
            .filter_map(|StoredLink { link, kid, .. }| {
                let key = context.ring.get(&kid)?;
                Some(Signed { content: link, key })
            });
        let matching = signed.find(|Signed { content, key }| key.code(&content.id).matches(code));
        Ok((matching, attempts))
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
            next: LinkNext::None,
            account: LinkAccount::Active,
        };
        let key = context.ring.signing_key(context.now);
        let key = key.ok_or_else(Problem::unavailable)?;
        Ok(Signed { content, key })
    }
}
