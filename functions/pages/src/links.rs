//! The pages behind the links in emails. A page shows what the token says. Those that ask for a
//! password look up first whether their link still works.

use crate::PageContext;
use crate::templates::{
    ExpiredLinkPage, LinkPage, MessagePage, OldInvitationPage, SetPasswordPage, UsedLinkPage,
};
use shared::config::OtherBrowser;
use shared::domain::ids::LinkId;
use shared::domain::link::{LinkAccount, LinkClaims, LinkNext, Purpose, RedeemContext};
use shared::domain::next::Next;
use shared::domain::paths;
use shared::http::form_error::FormError;
use shared::http::problem::ProblemType;
use shared::http::response;
use shared::http::{Problem, Response};
use shared::keys::{SessionClaims, Signed};
use shared::store::links::{LinkCheck, LinkError};

impl PageContext<'_> {
    /// Serves the page behind a sign-in link. Going back to a link that has signed this browser in
    /// redirects to its landing page, even after it has expired.
    pub(crate) fn sign_in_link(&self, token: &str) -> Result<Response, Problem> {
        if is_of_older_system(token) {
            return self.old_link();
        }
        let signed = match self.ring.read_link(Purpose::SignIn, token) {
            Ok(signed) => signed,
            Err(error) => return Ok(self.redirect_to_login(error.into(), None)),
        };
        let same_browser = self.has_requested(&signed.content.id)?;
        let session = self.session()?;
        if has_redeemed(&signed, session.as_ref()) {
            let next = signed.content.next.page().filter(|_| same_browser);
            return Ok(self.redirect_to_landing_page(next));
        }
        let link = &signed.content;
        if link.expires_at <= self.now {
            return match link.next {
                LinkNext::Stored => self.expired_link(link, token),
                _ if self.is_sign_up(link) => Ok(self.redirect_to_sign_up(link)),
                _ => Ok(self.redirect_to_login(LinkError::Expired.into(), link.next.page())),
            };
        }
        if self.posted_failure() == Some(ProblemType::UsedToken) {
            let mut frame = self.frame("")?;
            // The heading says it.
            frame.flash = None;
            return Ok(self.render(&UsedLinkPage {
                frame,
                address: &link.address,
                token,
                login_url: self.login_url(self.next_of(link).as_ref()),
            }));
        }
        self.confirm_sign_in(link, token, same_browser, session)
    }

    fn redirect_to_landing_page(&self, next: Option<&Next>) -> Response {
        let site = &self.app.config.site;
        response::see_other(&site.landing_url(next, self.origin))
    }

    fn redirect_to_login(&self, problem: Problem, next: Option<&Next>) -> Response {
        self.redirect_to(&self.login_url(None), problem, next)
    }

    /// Redirects to the page that signs up, because the link of a sign-up has expired.
    fn redirect_to_sign_up(&self, link: &LinkClaims) -> Response {
        let page = self.origin.join(paths::SIGN_UP);
        let next = self.next_of(link);
        self.redirect_to(&page, LinkError::Expired.into(), next.as_ref())
    }

    /// Serves the form that signs in. In the browser that requested the link, a script submits it,
    /// unless that would end the session of another user.
    fn confirm_sign_in(
        &self,
        link: &LinkClaims,
        token: &str,
        same_browser: bool,
        session: Option<SessionClaims>,
    ) -> Result<Response, Problem> {
        let other_browser = self.app.config.links.other_browser;
        if !same_browser && other_browser == OtherBrowser::Off {
            return self.link_of_other_browser(link);
        }
        let is_link_of = |own: &SessionClaims| own.address.as_ref() == Some(&link.address);
        let is_own_session = session.as_ref().is_none_or(is_link_of);
        Ok(self.render(&LinkPage {
            frame: self.frame("code")?,
            address: &link.address,
            session,
            login_url: self.login_url(link.next.page()),
            token,
            is_invitation: link.account == LinkAccount::Invited,
            auto_submit: same_browser && is_own_session,
            ask_code: !same_browser && other_browser == OtherBrowser::Code,
        }))
    }

    fn link_of_other_browser(&self, link: &LinkClaims) -> Result<Response, Problem> {
        let t = self.language.pages();
        // No browser requested an invitation.
        let (heading, texts) = match link.account {
            LinkAccount::Invited => (t.sign_in, vec![t.invitation_needs_request]),
            _ => (
                t.link_of_other_browser,
                vec![t.link_of_other_browser_text, t.open_there],
            ),
        };
        Ok(self.render(&MessagePage {
            frame: self.frame("")?,
            heading,
            texts,
            address: Some(&link.address),
            url: self.login_url(link.next.page()),
            button: t.request_link,
            more: Some(if link.account == LinkAccount::Invited {
                t.not_expected
            } else {
                t.not_requested
            }),
        }))
    }

    /// Serves the page behind an invitation. One that no longer works offers a new one to the
    /// invited address.
    ///
    /// Costs 1 read and 1 batch of 2 reads.
    pub(crate) async fn activation_link(&self, token: &str) -> Result<Response, Problem> {
        if is_of_older_system(token) {
            return self.old_link();
        }
        if !self.has_passwords() {
            return Ok(self.redirect_to_login(Problem::invalid_token(), None));
        }
        let signed = match self.ring.read_link(Purpose::Activation, token) {
            Ok(signed) => signed,
            Err(error) => return Ok(self.redirect_to_login(error.into(), None)),
        };
        let session = self.session()?;
        if has_redeemed(&signed, session.as_ref()) {
            return Ok(self.redirect_to_landing_page(signed.content.next.page()));
        }
        let link = signed.content;
        match self.failure(&link).await {
            Some(_) if self.must_look_up_next(&link) => self.expired_link(&link, token),
            Some(ProblemType::ExpiredToken) if self.is_sign_up(&link) => {
                Ok(self.redirect_to_sign_up(&link))
            }
            Some(kind) => self.old_invitation(kind, &link),
            None => self.set_password(&link, token, session),
        }
    }

    /// Serves the page behind a reset link. One that no longer works redirects to the page that
    /// requests a new one.
    ///
    /// Costs 1 read and 1 batch of 2 reads.
    pub(crate) async fn reset_link(&self, token: &str) -> Result<Response, Problem> {
        if is_of_older_system(token) {
            return self.old_link();
        }
        if !self.has_passwords() {
            return Ok(self.redirect_to_login(Problem::invalid_token(), None));
        }
        let page = self.origin.join(paths::FORGOT_PASSWORD);
        let link = match self.ring.read_link(Purpose::Reset, token) {
            Ok(signed) => signed.content,
            Err(error) => return Ok(self.redirect_to(&page, error.into(), None)),
        };
        match self.failure(&link).await {
            Some(_) if self.must_look_up_next(&link) => self.expired_link(&link, token),
            Some(kind) => {
                let problem = Problem::new(kind, |t| t.request_new_link);
                Ok(self.redirect_to(&page, problem, self.next_of(&link).as_ref()))
            }
            None => self.set_password(&link, token, None),
        }
    }

    /// Serves the page for links of an older system, which this one does not support.
    pub(crate) fn old_link(&self) -> Result<Response, Problem> {
        let t = self.language.pages();
        Ok(self.render(&MessagePage {
            frame: self.frame("")?,
            heading: t.link_unsupported,
            texts: vec![t.link_unsupported_text],
            address: None,
            url: self.login_url(self.next().as_ref()),
            button: t.request_link,
            more: None,
        }))
    }

    /// Returns whether the address has no account yet, so that only a sign-up sends another link.
    fn is_sign_up(&self, link: &LinkClaims) -> bool {
        self.has_sign_up() && matches!(link.account, LinkAccount::New { .. })
    }

    /// Returns the page that a link redirects to: its own, or the one that the endpoint of its form
    /// has looked up.
    fn next_of(&self, link: &LinkClaims) -> Option<Next> {
        link.next.page().cloned().or_else(|| self.next())
    }

    /// Returns whether the endpoint of a link's form must look `next` up, and has not done so yet.
    fn must_look_up_next(&self, link: &LinkClaims) -> bool {
        link.next == LinkNext::Stored && self.request.query("error").is_none()
    }

    fn expired_link(&self, link: &LinkClaims, token: &str) -> Result<Response, Problem> {
        let (action, has_password) = match link.purpose {
            Purpose::SignIn => (paths::VERIFY, false),
            Purpose::Activation => (paths::ACTIVATE, true),
            Purpose::Reset => (paths::RESET_PASSWORD, true),
            Purpose::Report => (paths::REPORT, false),
        };
        Ok(self.render(&ExpiredLinkPage {
            frame: self.frame("")?,
            action,
            token,
            has_password,
        }))
    }

    /// Returns why a link does not work, if its form was posted, refused and redirected back here.
    pub(crate) fn posted_failure(&self) -> Option<ProblemType> {
        match FormError::from_query(|name| self.request.query(name))? {
            FormError::ExpiredToken => Some(ProblemType::ExpiredToken),
            FormError::UsedToken => Some(ProblemType::UsedToken),
            FormError::InvalidToken => Some(ProblemType::InvalidToken),
            _ => None,
        }
    }

    /// Returns why a link does not work, before anybody chooses a password for it. Posting the form
    /// decides again, so an unavailable store hides nothing.
    async fn failure(&self, link: &LinkClaims) -> Option<ProblemType> {
        if let Some(posted) = self.posted_failure() {
            return Some(posted);
        }
        let by = RedeemContext {
            same_browser: false,
            idempotency_key: None,
        };
        match self.check(link, &by).await {
            Err(LinkError::Expired) => Some(ProblemType::ExpiredToken),
            Err(LinkError::Used) => Some(ProblemType::UsedToken),
            Err(LinkError::Invalid) => Some(ProblemType::InvalidToken),
            Ok(_) | Err(LinkError::Outpaced { .. } | LinkError::Unavailable) => None,
        }
    }

    async fn check(&self, claims: &LinkClaims, by: &RedeemContext) -> Result<LinkCheck, LinkError> {
        let store = &self.app.store;
        let link = store.complete_link(claims.clone()).await?;
        store.check_link(&link, by, self.now).await
    }

    fn set_password(
        &self,
        link: &LinkClaims,
        token: &str,
        session: Option<SessionClaims>,
    ) -> Result<Response, Problem> {
        Ok(self.render(&SetPasswordPage {
            frame: self.frame("password")?,
            session,
            is_invitation: link.purpose == Purpose::Activation,
            address: &link.address,
            token,
            min_length: self.app.config.passwords.min_length,
        }))
    }

    fn old_invitation(&self, kind: ProblemType, link: &LinkClaims) -> Result<Response, Problem> {
        let t = self.language.pages();
        // Nobody has invited those who signed up.
        let is_sign_up = matches!(link.account, LinkAccount::New { .. });
        let heading = match (kind, is_sign_up) {
            (ProblemType::UsedToken, false) => t.invitation_used,
            (ProblemType::UsedToken, true) => t.link_used,
            (ProblemType::ExpiredToken, false) => t.invitation_expired,
            (ProblemType::ExpiredToken, true) => t.link_expired,
            (_, false) => t.invitation_invalid,
            (_, true) => t.link_unsupported,
        };
        let mut frame = self.frame("")?;
        // The heading says it.
        frame.flash = None;
        frame.next = self.next_of(link);
        let next = frame.next.as_ref();
        Ok(self.render(&OldInvitationPage {
            heading,
            is_used: kind == ProblemType::UsedToken,
            is_sign_up,
            address: &link.address,
            login_url: self.login_url(next),
            forgot_url: Next::add_to(next, paths::FORGOT_PASSWORD),
            frame,
        }))
    }

    /// Returns whether this browser requested the link. Fails with 400 where the cookie was sent
    /// twice.
    fn has_requested(&self, link: &LinkId) -> Result<bool, Problem> {
        Ok(self.nonces()?.iter().any(|nonce| nonce.link() == *link))
    }
}

/// Returns whether the link gave this browser its `session`.
fn has_redeemed(signed: &Signed<'_, LinkClaims>, session: Option<&SessionClaims>) -> bool {
    let issued = signed.key.session_id(&signed.content.id);
    session.is_some_and(|session| issued.hash() == session.id.hash())
}

/// Returns whether a token is one of an older system: 64 hexadecimal digits.
fn is_of_older_system(token: &str) -> bool {
    token.len() == 64 && token.bytes().all(|b| b.is_ascii_hexdigit())
}
