//! Opened links, and sessions that are ended by the link that issued them.

use super::environment::{Environment, StepResult, done, responded, skipped};
use super::portal::PortalUnderTest;
use crate::ensure;
use crate::outcome::Outcome;

impl PortalUnderTest<'_> {
    /// Somebody opens a link and gets its page, or is redirected if it has signed them in.
    pub(super) async fn open_link(&mut self, env: &mut Environment) -> StepResult {
        let Some(link) = self.some_link(env) else {
            return skipped("no link");
        };
        if !self.model.links[link].is_for("sign-in") {
            return skipped("a link that sets a password");
        }
        let client = self.some_client(env, self.model.links[link].client);
        let known = &self.model.links[link];
        let email = known.email.as_ref().ok_or("the link was not emailed")?;
        let caller = &self.clients[client];
        let response = caller.api.open(email.path()).await;

        let is_requester = self.is_requester(client, link) && !caller.is_program;
        let session = caller.api.session();
        let session = self.replaceable(session.as_deref());
        let used = known.used.as_ref();
        let has_signed_in = session.is_some() && used.and_then(|used| used.session) == session;
        let is_expired = known
            .claim
            .as_ref()
            .is_none_or(|claim| claim.expires_at <= self.now());
        let expected = if is_expired && !has_signed_in {
            Outcome::ExpiredToken
        } else {
            Outcome::Ok
        };
        let detail = format!("link {link} client {client}");
        if !env.check("opening a link", &response, expected)? || expected != Outcome::Ok {
            return responded(detail, &response);
        }
        if has_signed_in {
            ensure!(response.status == 303, "signed in, and got a page");
            self.check_landing(known.has_next && is_requester, &response)?;
            return done(detail, "redirected");
        }
        let key = response.field("idempotency_key");
        let is_usable = is_requester || self.model.rules.other_browser != "off";
        ensure!(
            (response.field("token") == email.token()) == is_usable && key.is_empty() != is_usable,
            "the page has the token {} and the key {key}",
            response.field("token")
        );
        if is_usable {
            self.model.links[link].page_keys.push(key);
        }
        done(detail, "page")
    }

    /// Somebody who holds a sign-in link ends the session that it has issued, in any browser.
    pub(super) async fn logout_by_link(&mut self, env: &mut Environment) -> StepResult {
        let Some(link) = self.some_link(env) else {
            return skipped("no link");
        };
        let known = &self.model.links[link];
        let used = known.used.as_ref().filter(|_| known.is_for("sign-in"));
        let session = used.and_then(|used| used.session);
        let expected = if known.is_for("sign-in") {
            Outcome::Ok
        } else {
            Outcome::InvalidToken
        };
        let client = env.rng.below(self.clients.len());
        let caller = &self.clients[client];
        let before = caller.session();
        let response = caller.api.logout().with("token", known.token()).await;
        let is_certain = env.check("a logout by link", &response, expected)?;
        ensure!(
            self.clients[client].session() == before,
            "a logout by link has changed the cookie"
        );
        self.check_logout(session, is_certain)?;
        responded(
            format!("client {client} link {link} session {session:?}"),
            &response,
        )
    }
}
