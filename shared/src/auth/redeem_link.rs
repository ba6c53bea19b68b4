//! Redeeming a link for a session, as all endpoints that a link signs in to do.

use crate::app::App;
use crate::auth::issue_session::{COUNT_ATTEMPTS, IssuedSession, SignInContext};
use crate::domain::audit::{Action, AuditEvent, Target};
use crate::domain::known_browser::KnownBrowser;
use crate::domain::link::{Link, LinkAccount, Purpose, RedeemContext};
use crate::domain::password::hash::PasswordHash;
use crate::domain::session::AuthMethod;
use crate::http::Problem;
use crate::keys::{KeyRing, Signed};
use crate::store::links::{LinkError, Redeem};

impl App {
    /// Verifies the token of a link for `purpose`, and completes the link from its row. The caller
    /// checks its expiry.
    ///
    /// Costs 1 read.
    ///
    /// # Errors
    /// 400 `invalid-token`, 503 if the key or the store cannot be reached.
    pub async fn read_link<'r>(
        &self,
        ring: &'r KeyRing,
        purpose: Purpose,
        token: &str,
    ) -> Result<Signed<'r, Link>, Problem> {
        let Signed { content, key } = ring.read_link(purpose, token)?;
        let content = self.store.complete_link(content).await?;
        Ok(Signed { content, key })
    }
}

impl SignInContext<'_> {
    /// Redeems a link for a session, which replaces the one that the client has. A repeat by the
    /// same browser or idempotency key within 60 seconds returns the same session. The user is told
    /// of a browser that has none of these `marks`, except when they sign in for the first time.
    ///
    /// Costs 1 transaction of 2 updates and 2 puts, 1 delete for each session that ends, 1 put
    /// where one is another user's, and 1 put for a notice; 1 transaction more for the first
    /// sign-in of a user who was active before; a repeat, 1 batch of 2 reads more; with a limit on
    /// sessions 1 read and 1 query more.
    ///
    /// # Errors
    /// 400 `invalid-token`, 410 `expired-token` or `used-token` for a link that does not work, 400
    /// for a request with two sessions, 503 where the store cannot be reached.
    pub async fn redeem_link(
        &self,
        signed: &Signed<'_, Link>,
        by: &RedeemContext,
        auth_method: AuthMethod,
        password: Option<&PasswordHash>,
        marks: &[KnownBrowser],
    ) -> Result<IssuedSession, Problem> {
        let link = &signed.content;
        let id = signed.key.session_id(&link.id);
        let session = self.new_session(&id, &link.user, link.session_epoch(), auth_method);
        let action = match password {
            Some(_) => Action::Activated,
            None => Action::Login,
        };
        let mut signed_in_before = true;
        for _ in 0..COUNT_ATTEMPTS {
            let ends = &self.sessions_to_end(&session).await?;
            let new_browser = match link.account {
                LinkAccount::Active => {
                    self.new_browser(&session, &link.address, marks, signed_in_before)
                }
                LinkAccount::Invited | LinkAccount::New { .. } => None,
            };
            let mut events = self.login_events(action, &session, ends);
            events.extend(self.sign_up_event(link));
            let redeem = Redeem {
                link,
                by,
                password,
                session: &session,
                ends,
                new_browser: new_browser.as_ref(),
                events: &events,
            };
            let session = match self.app.store.redeem(&redeem).await {
                Err(LinkError::Outpaced {
                    signed_in_before: found,
                }) => {
                    signed_in_before = found;
                    continue;
                }
                redeemed => redeemed?,
            };
            return Ok(IssuedSession::just_stored(
                session,
                id,
                link.address.clone(),
            ));
        }
        Err(Problem::unavailable())
    }

    /// Returns the session that a link has issued, for a repeat of its redemption.
    ///
    /// Costs 1 batch of 2 reads.
    ///
    /// # Errors
    /// 410 `used-token` if the session has ended, 503 where the store cannot be reached.
    pub async fn redeemed_session(
        &self,
        signed: &Signed<'_, Link>,
    ) -> Result<IssuedSession, Problem> {
        let link = &signed.content;
        let id = signed.key.session_id(&link.id);
        let live = self
            .app
            .store
            .find_session(&link.user, &id.hash(), self.now)
            .await?;
        let (user, session) = live.ok_or(LinkError::Used)?;
        Ok(IssuedSession {
            session,
            id,
            address: user.address,
        })
    }

    /// Returns the audit event of a user whom the link creates.
    fn sign_up_event(&self, link: &Link) -> Option<AuditEvent> {
        let is_new = matches!(link.account, LinkAccount::New { .. });
        is_new.then(|| {
            let target = Target::User(link.user.clone());
            let client = self.request.client();
            self.app
                .audit_event(Action::SignedUp, &link.user, target, &client, self.now)
        })
    }
}
