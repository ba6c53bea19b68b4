//! The pages behind the links in emails. A page shows what the token says; whether the link has
//! been used turns out when its form is posted.

use crate::templates::{
    ExpiredLinkPage, LinkPage, OldInvitationPage, OldLinkPage, OtherBrowserPage, SetPasswordPage,
    UsedLinkPage,
};
use crate::{PageContext, flash, theme};
use shared::config::OtherBrowser;
use shared::domain::ids::LinkId;
use shared::domain::link::{Link, LinkAccount, LinkNext, Purpose};
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
            let expired = Problem::new(ProblemType::ExpiredToken, "Request a new one.");
            return Ok(match link.next {
                LinkNext::Stored => self.expired_link(link, token),
                _ if self.is_sign_up(link) => self.redirect_to(paths::SIGN_UP, expired, link),
                _ => self.redirect_to_login(expired, link.next.page()),
            });
        }
        if self.failure(link) == Some(ProblemType::UsedToken) {
            return Ok(self.render(&UsedLinkPage {
                brand: self.brand(),
                address: &link.address,
                token,
                login_url: self.login_url(self.next_of(link).as_ref()),
            }));
        }
        Ok(self.confirm_sign_in(link, token, same_browser, session))
    }

    fn redirect_to_landing_page(&self, next: Option<&Next>) -> Response {
        let site = &self.pages.config.site;
        response::see_other(&site.landing_url(next, self.origin))
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
                request_url: Next::add_to(link.next.page(), paths::SIGN_IN),
            });
        }
        let is_own_session = session.as_ref().is_none_or(|own| own.user == link.user);
        self.render(&LinkPage {
            brand: self.brand(),
            flash: self.flash(flash::CHECK_CODE),
            address,
            session,
            login_url: self.login_url(link.next.page()),
            token,
            idempotency_key: self.idempotency_key(),
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
        Ok(match self.failure(&link) {
            Some(_) if self.must_look_up_next(&link) => self.expired_link(&link, token),
            Some(ProblemType::UsedToken) => {
                self.old_invitation(flash::INVITATION_USED, true, &link)
            }
            Some(kind @ ProblemType::ExpiredToken) if self.is_sign_up(&link) => {
                let expired = Problem::new(kind, "Request a new one.");
                self.redirect_to(paths::SIGN_UP, expired, &link)
            }
            Some(ProblemType::ExpiredToken) => {
                self.old_invitation(flash::INVITATION_EXPIRED, false, &link)
            }
            Some(_) => self.old_invitation(flash::INVITATION_INVALID, false, &link),
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
            return self.redirect_to_login(Problem::invalid_token(), None);
        }
        let request_again = |problem: Problem, next: Option<&Next>| {
            problem
                .redirect_form_to(&self.origin.join(paths::FORGOT_PASSWORD))
                .with_next(next)
                .into_response(true)
        };
        let link = match self.ring.read_link(Purpose::Reset, token) {
            Ok(signed) => signed.content,
            Err(error) => return request_again(error.into(), None),
        };
        match self.failure(&link) {
            Some(_) if self.must_look_up_next(&link) => self.expired_link(&link, token),
            Some(kind) => {
                let problem = Problem::new(kind, "Request a new one.");
                request_again(problem, self.next_of(&link).as_ref())
            }
            None => self.set_password(&link, token, None),
        }
    }

    /// Serves the page for links of an older system, which this one does not support.
    pub(crate) fn old_link(&self) -> Response {
        self.render(&OldLinkPage {
            brand: self.brand(),
            login_url: self.login_url(self.next().as_ref()),
        })
    }

    /// Returns whether the address has no account yet, so that only a sign-up sends another link.
    fn is_sign_up(&self, link: &Link) -> bool {
        self.pages.config.links.sign_up && matches!(link.account, LinkAccount::New { .. })
    }

    /// Redirects to a page that requests another link, which describes the problem.
    fn redirect_to(&self, page: &str, problem: Problem, link: &Link) -> Response {
        problem
            .redirect_form_to(&self.origin.join(page))
            .with_next(self.next_of(link).as_ref())
            .into_response(true)
    }

    /// Returns the page that a link redirects to: its own, or the one that the endpoint of its form
    /// has looked up.
    fn next_of(&self, link: &Link) -> Option<Next> {
        link.next.page().cloned().or_else(|| self.next())
    }

    /// Returns whether the endpoint of a link's form must look `next` up, and has not done so yet.
    fn must_look_up_next(&self, link: &Link) -> bool {
        link.next == LinkNext::Stored && self.request.query("error").is_none()
    }

    fn expired_link(&self, link: &Link, token: &str) -> Response {
        let (action, has_password) = match link.purpose {
            Purpose::SignIn => (paths::VERIFY, false),
            Purpose::Activation => (paths::ACTIVATE, true),
            Purpose::Reset => (paths::RESET_PASSWORD, true),
        };
        self.render(&ExpiredLinkPage {
            brand: self.brand(),
            action,
            token,
            has_password,
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
        self.render(&SetPasswordPage {
            brand: self.brand(),
            flash: self.flash(flash::CHECK_PASSWORD),
            session,
            is_invitation: link.purpose == Purpose::Activation,
            address: &link.address,
            token,
            idempotency_key: self.idempotency_key(),
            min_length: self.pages.config.passwords.min_length,
            script: theme::SHOW_PASSWORD,
        })
    }

    fn old_invitation(&self, heading: &'static str, is_used: bool, link: &Link) -> Response {
        let next = self.next_of(link);
        self.render(&OldInvitationPage {
            brand: self.brand(),
            idempotency_key: self.idempotency_key(),
            heading,
            is_used,
            address: &link.address,
            login_url: self.login_url(next.as_ref()),
            forgot_url: Next::add_to(next.as_ref(), paths::FORGOT_PASSWORD),
            next,
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
