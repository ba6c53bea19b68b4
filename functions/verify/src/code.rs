//! Codes: finding the link that one belongs to, with a limit on the attempts.

use crate::{Redeemed, Verify};
use shared::domain::code::Code;
use shared::domain::ids::{LinkId, UserId};
use shared::domain::link::{Link, LinkAccount, LinkNext, Purpose, RedeemContext};
use shared::domain::session::AuthMethod;
use shared::domain::user::Epoch;
use shared::http::Problem;
use shared::http::problem::ProblemType;
use shared::keys::Signed;
use shared::store::links::StoredLink;

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
        let (matching, attempts) = self
            .context
            .matching_link(&self.requested, &self.marks, &code, is_fresh)
            .await?;
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
        self.context.wrong_code(&attempts).await?;
        Err(error.uniform(attempts.left))
    }

    /// Fails with 400 if `code` is not the one in the email of `link`. A program that opens links
    /// and presses buttons does not know it. It works as long as the link, because it proves
    /// nothing else.
    pub(crate) async fn require_code(&self, link: &LinkId, code: &str) -> Result<(), Problem> {
        let code = Code::parse(code)?;
        let links = [*link];
        let matching = self
            .context
            .matching_link(&links, &self.marks, &code, |_| true);
        match matching.await? {
            (Some(_), _) => Ok(()),
            (None, attempts) => {
                self.context.wrong_code(&attempts).await?;
                Err(Problem::wrong_code(attempts.left))
            }
        }
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
