//! The pages behind the links in emails. A page shows what the token says; whether the link has
//! been used turns out when its form is posted.

use crate::templates::{
    LinkPage, OldInvitationPage, OldLinkPage, OtherBrowserPage, SetPasswordPage,
};
use crate::{PageContext, flash, theme};
use shared::config::OtherBrowser;
use shared::domain::address::EmailAddress;
use shared::domain::ids::LinkId;
use shared::domain::link::{IdempotencyKey, Link, Purpose};
use shared::domain::next::Next;
use shared::domain::paths;
use shared::http::form_error::FormError;
use shared::http::problem::ProblemType;
use shared::http::response;
use shared::http::{Problem, Response};
use shared::keys::{SessionClaims, Signed};

impl PageContext<'_> {
    /// Serves the page behind a sign-in link. Going back to a link that has signed this browser in
    /// redirects to its landing page, even after it has expired.
    pub(crate) fn sign_in_link(&self, token: &str) -> Result<Response, Problem> {
        if is_of_older_system(token) {
            return Ok(self.old_link());
        }
        let signed = match self.ring.read_link(Purpose::SignIn, token) {
            Ok(signed) => signed,
            Err(error) => return Ok(self.redirect_to_login(error.into())),
        };
        let same_browser = self.has_requested(&signed.content.id)?;
        let session = self.session()?;
        if has_redeemed(&signed, session.as_ref()) {
            let site = &self.pages.config.site;
            let next = signed.content.next.as_ref().filter(|_| same_browser);
            let url = site.landing_url(next, self.origin);
            return Ok(response::see_other(&url));
        }
        let link = &signed.content;
        // Where only the row has the `next`, posting the form finds it, and that the link expired.
        let next_in_row = link.next.as_ref().is_some_and(Next::is_in_row);
        if link.expires_at <= self.now && !(same_browser && next_in_row) {
            let expired = Problem::new(ProblemType::ExpiredToken, "Request a new one.");
            return Ok(self.redirect_to_login(expired));
        }
        Ok(self.confirm_sign_in(link, token, same_browser, session))
    }

    /// Serves the form that signs in. In the browser that requested the link, a script submits it,
    /// unless that would end the session of another user.
    fn confirm_sign_in(
        &self,
        link: &Link,
        token: &str,
        same_browser: bool,
        session: Option<SessionClaims>,
    ) -> Response {
        let other_browser = self.pages.config.links.other_browser;
        let address = &link.address;
        if !same_browser && other_browser == OtherBrowser::Off {
            return self.render(&OtherBrowserPage {
                brand: self.brand(),
                address,
            });
        }
        let idempotency_key = IdempotencyKey::new(self.pages.random.bytes());
        let is_own_session = session.as_ref().is_none_or(|own| own.user == link.user);
        self.render(&LinkPage {
            brand: self.brand(),
            flash: self.flash(flash::CHECK_CODE),
            address,
            session,
            login_url: self.login_url(),
            token,
            idempotency_key: idempotency_key.expose(),
            auto_submit: same_browser && is_own_session,
            ask_code: !same_browser && other_browser == OtherBrowser::Code,
            script: theme::SUBMIT_LINK,
        })
    }

    /// Serves the page behind an invitation. One that no longer works offers a new one to the
    /// invited address.
    pub(crate) fn activation_link(&self, token: &str) -> Result<Response, Problem> {
        if is_of_older_system(token) {
            return Ok(self.old_link());
        }
        if !self.has_passwords() {
            return Ok(self.redirect_to_login(Problem::invalid_token()));
        }
        let signed = match self.ring.read_link(Purpose::Activation, token) {
            Ok(signed) => signed,
            Err(error) => return Ok(self.redirect_to_login(error.into())),
        };
        let session = self.session()?;
        if has_redeemed(&signed, session.as_ref()) {
            let site = &self.pages.config.site;
            return Ok(response::see_other(&site.dashboard_url(self.origin)));
        }
        let link = signed.content;
        Ok(match self.failure(&link) {
            Some(ProblemType::UsedToken) => {
                self.old_invitation(flash::INVITATION_USED, true, &link.address)
            }
            Some(ProblemType::ExpiredToken) => {
                self.old_invitation(flash::INVITATION_EXPIRED, false, &link.address)
            }
            Some(_) => self.old_invitation(flash::INVITATION_INVALID, false, &link.address),
            None => self.set_password(&link, token, session),
        })
    }

    /// Serves the page behind a reset link. One that no longer works redirects to the page that
    /// requests a new one.
    pub(crate) fn reset_link(&self, token: &str) -> Response {
        if is_of_older_system(token) {
            return self.old_link();
        }
        if !self.has_passwords() {
            return self.redirect_to_login(Problem::invalid_token());
        }
        let request_again = |problem: Problem| {
            problem
                .redirect_form_to(&self.origin.join(paths::FORGOT_PASSWORD))
                .into_response(true)
        };
        match self.ring.read_link(Purpose::Reset, token) {
            Err(error) => request_again(error.into()),
            Ok(signed) => match self.failure(&signed.content) {
                Some(kind) => request_again(Problem::new(kind, "Request a new one.")),
                None => self.set_password(&signed.content, token, None),
            },
        }
    }

    /// Serves the page for links of an older system, which this one does not support.
    pub(crate) fn old_link(&self) -> Response {
        self.render(&OldLinkPage {
            brand: self.brand(),
            login_url: self.login_url(),
        })
    }

    /// Returns why a link does not work: it has expired, or its form was posted, refused and
    /// redirected back here.
    fn failure(&self, link: &Link) -> Option<ProblemType> {
        if link.expires_at <= self.now {
            return Some(ProblemType::ExpiredToken);
        }
        match FormError::from_query(|name| self.request.query(name))? {
            FormError::ExpiredToken => Some(ProblemType::ExpiredToken),
            FormError::UsedToken => Some(ProblemType::UsedToken),
            FormError::InvalidToken => Some(ProblemType::InvalidToken),
            _ => None,
        }
    }

    fn set_password(&self, link: &Link, token: &str, session: Option<SessionClaims>) -> Response {
        let idempotency_key = IdempotencyKey::new(self.pages.random.bytes());
        self.render(&SetPasswordPage {
            brand: self.brand(),
            flash: self.flash(flash::CHECK_PASSWORD),
            session,
            is_invitation: link.purpose == Purpose::Activation,
            address: &link.address,
            token,
            idempotency_key: idempotency_key.expose(),
            min_length: self.pages.config.passwords.min_length,
            script: theme::SHOW_PASSWORD,
        })
    }

    fn old_invitation(
        &self,
        heading: &'static str,
        is_used: bool,
        address: &EmailAddress,
    ) -> Response {
        self.render(&OldInvitationPage {
            brand: self.brand(),
            heading,
            is_used,
            address,
            login_url: self.login_url(),
        })
    }

    /// Returns whether this browser requested the link. Fails with 400 where the cookie was sent
    /// twice.
    fn has_requested(&self, link: &LinkId) -> Result<bool, Problem> {
        Ok(self.nonces()?.iter().any(|nonce| nonce.link() == *link))
    }
}

/// Returns whether the link gave this browser its `session`.
fn has_redeemed(signed: &Signed<'_, Link>, session: Option<&SessionClaims>) -> bool {
    let issued = signed.key.session_id(&signed.content.id);
    session.is_some_and(|session| issued.hash() == session.id.hash())
}

/// Returns whether a token is one of an older system: 64 hexadecimal digits.
fn is_of_older_system(token: &str) -> bool {
    token.len() == 64 && token.bytes().all(|b| b.is_ascii_hexdigit())
}
