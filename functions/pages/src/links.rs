//! The pages behind mailed links. Each says what its token says; whether the link has been used,
//! only a post finds out.

use super::templates::{LinkPage, OldInvitation, OldLink, OtherBrowserPage, SetPassword};
use crate::{PageContext, flash, theme};
use shared::config::OtherBrowser;
use shared::domain::address::EmailAddress;
use shared::domain::ids::LinkId;
use shared::domain::link::{IdempotencyKey, Link, Nonce, Purpose};
use shared::domain::paths;
use shared::http::cookie::{self, Cookie};
use shared::http::form_error::FormError;
use shared::http::problem::ProblemType;
use shared::http::response;
use shared::http::{Problem, Response};
use shared::keys::Signed;

impl PageContext<'_> {
    /// The page behind a sign-in link.
    pub(crate) fn link(&self, token: &str) -> Result<Response, Problem> {
        if is_old(token) {
            return Ok(self.old_link());
        }
        let signed = match self.ring.read_link(Purpose::SignIn, token) {
            Ok(signed) => signed,
            Err(error) => return Ok(self.refuse(error.into())),
        };
        let asked = self.has_asked(&signed.content.id)?;
        // Going back to a link that has signed this browser in leads on, however old the link is by
        // now.
        if self.has_redeemed(&signed)? {
            let site = &self.pages.config.site;
            let next = signed.content.next.as_ref().filter(|_| asked);
            return Ok(response::see_other(&site.landing_url(next, self.origin)));
        }
        let link = signed.content;
        if link.expires_at <= self.now {
            return Ok(self.refuse(Problem::new(
                ProblemType::ExpiredToken,
                "Request a new one.",
            )));
        }
        let elsewhere = self.pages.config.links.other_browser;
        let address = link.address.masked();
        if !asked && elsewhere == OtherBrowser::Off {
            return Ok(self.page(&OtherBrowserPage {
                brand: self.brand(),
                address,
            }));
        }
        let idempotency_key = IdempotencyKey::new(self.pages.random.bytes());
        let page = LinkPage {
            brand: self.brand(),
            address,
            token,
            idempotency_key: idempotency_key.expose(),
            auto_submit: asked,
            ask_code: !asked && elsewhere == OtherBrowser::Code,
            script: theme::SUBMIT,
        };
        Ok(self.page(&page))
    }

    /// The page behind an invitation. One that no longer works is one step away from a new one, at
    /// the invited address.
    pub(crate) fn activate(&self, token: &str) -> Result<Response, Problem> {
        if is_old(token) {
            return Ok(self.old_link());
        }
        if !self.has_passwords() {
            return Ok(self.refuse(Problem::invalid_token()));
        }
        let signed = match self.ring.read_link(Purpose::Activation, token) {
            Ok(signed) => signed,
            Err(error) => return Ok(self.refuse(error.into())),
        };
        if self.has_redeemed(&signed)? {
            return Ok(response::see_other(
                &self.pages.config.site.dashboard_url(self.origin),
            ));
        }
        let link = signed.content;
        Ok(match self.refused(&link) {
            Some(ProblemType::UsedToken) => {
                self.old_invitation(flash::INVITATION_USED, true, &link.address)
            }
            Some(ProblemType::ExpiredToken) => {
                self.old_invitation(flash::INVITATION_EXPIRED, false, &link.address)
            }
            Some(_) => self.old_invitation(flash::INVITATION_INVALID, false, &link.address),
            None => self.set_password(&link, token),
        })
    }

    /// The page behind a link for another password. One that no longer works leads to where to ask
    /// for a new one.
    pub(crate) fn reset_password(&self, token: &str) -> Response {
        if is_old(token) {
            return self.old_link();
        }
        if !self.has_passwords() {
            return self.refuse(Problem::invalid_token());
        }
        let ask_again = |problem: Problem| {
            problem
                .redirect_form_to(&self.origin.join(paths::FORGOT_PASSWORD))
                .into_response(true)
        };
        match self.ring.read_link(Purpose::Reset, token) {
            Err(error) => ask_again(error.into()),
            Ok(signed) => match self.refused(&signed.content) {
                Some(kind) => ask_again(Problem::new(kind, "Request a new one.")),
                None => self.set_password(&signed.content, token),
            },
        }
    }

    /// Links of an older system.
    pub(crate) fn old_link(&self) -> Response {
        self.page(&OldLink {
            brand: self.brand(),
            login_url: self.login_url(),
        })
    }

    /// Why a link does not work: because its time is over, or because the form's post was refused
    /// and led back here.
    fn refused(&self, link: &Link) -> Option<ProblemType> {
        if link.expires_at <= self.now {
            return Some(ProblemType::ExpiredToken);
        }
        match FormError::from_query(self.request)? {
            FormError::ExpiredToken => Some(ProblemType::ExpiredToken),
            FormError::UsedToken => Some(ProblemType::UsedToken),
            FormError::InvalidToken => Some(ProblemType::InvalidToken),
            _ => None,
        }
    }

    fn set_password(&self, link: &Link, token: &str) -> Response {
        let idempotency_key = IdempotencyKey::new(self.pages.random.bytes());
        self.page(&SetPassword {
            brand: self.brand(),
            flash: self.flash(flash::CHECK_PASSWORD),
            invited: link.purpose == Purpose::Activation,
            address: &link.address,
            token,
            idempotency_key: idempotency_key.expose(),
            min_length: self.pages.config.passwords.min_length,
            script: theme::SHOW,
        })
    }

    fn old_invitation(
        &self,
        heading: &'static str,
        used: bool,
        address: &EmailAddress,
    ) -> Response {
        self.page(&OldInvitation {
            brand: self.brand(),
            heading,
            used,
            address,
            login_url: self.login_url(),
        })
    }

    /// Whether this browser asked for the link.
    fn has_asked(&self, link: &LinkId) -> Result<bool, Problem> {
        let cookie = Cookie::requests(&self.pages.config.portal, self.origin);
        let nonces = cookie::nonces(self.request.cookie(cookie.name())?.unwrap_or_default());
        Ok(nonces.iter().map(Nonce::link).any(|one| one == *link))
    }

    /// Whether the link has given this browser the session it shows.
    fn has_redeemed(&self, link: &Signed<'_, Link>) -> Result<bool, Problem> {
        let Some(session) = self.session()? else {
            return Ok(false);
        };
        Ok(link.key.session_id(&link.content.id).hash() == session.id.hash())
    }
}

/// The links of an older system: 64 hexadecimal digits.
fn is_old(token: &str) -> bool {
    token.len() == 64 && token.bytes().all(|b| b.is_ascii_hexdigit())
}
