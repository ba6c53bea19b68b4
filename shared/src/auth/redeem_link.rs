//! Redeeming a link for a session, as all endpoints that a link signs in to do.

use crate::app::App;
use crate::auth::issue_session::{IssuedSession, SignInContext};
use crate::domain::audit::Action;
use crate::domain::link::{Link, Purpose, RedeemContext};
use crate::domain::session::AuthMethod;
use crate::http::Problem;
use crate::keys::{KeyRing, Signed};
use crate::store::links::{Redeem, UserTransition};

impl App {
    /// Verifies the token of a link for `purpose`, and completes its `next`. The caller checks its
    /// expiry.
    ///
    /// Costs 1 read if the token does not hold `next`, else nothing.
    ///
    /// # Errors
    /// 400 `invalid-token`, 503 if the key or the store cannot be reached.
    pub async fn read_link<'r>(
        &self,
        ring: &'r KeyRing,
        purpose: Purpose,
        token: &str,
    ) -> Result<Signed<'r, Link>, Problem> {
        let mut signed = ring.read_link(purpose, token)?;
        signed.content.next = self.store.find_next(&signed.content).await?.into();
        Ok(signed)
    }
}

impl SignInContext<'_> {
    /// Redeems a link for a session, which replaces the one that the client has. A repeat by the
    /// same browser or idempotency key within 60 seconds returns the same session.
    ///
    /// Costs 1 transaction of 2 updates and 2 puts, and 1 delete where a session is replaced; a
    /// repeat, 1 batch of 2 reads more.
    ///
    /// # Errors
    /// 400 `invalid-token`, 410 `expired-token` or `used-token` for a link that does not work, 400
    /// for a request with two sessions, 503 where the store cannot be reached.
    pub async fn redeem_link(
        &self,
        signed: &Signed<'_, Link>,
        by: &RedeemContext,
        auth_method: AuthMethod,
        user: UserTransition<'_>,
    ) -> Result<IssuedSession, Problem> {
        let link = &signed.content;
        let id = signed.key.session_id(&link.id);
        let session = self.new_session(&id, &link.user, link.epoch, auth_method);
        let replaced = self.replaced_session(&session)?;
        let action = match user {
            UserTransition::ActivateWithPassword(_) => Action::Activated,
            UserTransition::Activate | UserTransition::None => Action::Login,
        };
        let redeem = Redeem {
            link,
            by,
            session: &session,
            replaces: replaced.as_ref(),
            event: &self.login_event(action, &session, replaced.as_ref()),
            user,
        };
        let session = self.app.store.redeem(&redeem).await?;
        Ok(IssuedSession {
            session,
            id,
            address: link.address.clone(),
        })
    }
}
