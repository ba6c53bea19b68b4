//! The pages that ask: for a password, for an address to send a mail to, and for what stands in
//! that mail.

use crate::templates::{CheckMail, ForgotPassword, SignIn, SignUp};
use crate::{PageContext, flash, theme};
use shared::domain::next::Next;
use shared::domain::paths;
use shared::http::{Problem, Response};

/// What the mail was asked for that somebody waits for.
pub(crate) enum PendingEmail {
    SignIn,
    Reset,
    SignUp,
}

impl PendingEmail {
    /// As [`shared::auth::request_email`] says it in the query.
    fn parse(text: &str) -> Self {
        match text {
            "reset" => Self::Reset,
            "sign-up" => Self::SignUp,
            _ => Self::SignIn,
        }
    }

    pub(crate) const fn is_reset(&self) -> bool {
        matches!(self, Self::Reset)
    }

    pub(crate) const fn is_sign_up(&self) -> bool {
        matches!(self, Self::SignUp)
    }

    /// Where to ask again.
    pub(crate) const fn page(&self) -> &'static str {
        match self {
            Self::SignIn => paths::SIGN_IN,
            Self::Reset => paths::FORGOT_PASSWORD,
            Self::SignUp => paths::SIGN_UP,
        }
    }
}

impl PageContext<'_> {
    pub(crate) fn sign_in(&self) -> Response {
        let site = &self.pages.config.site;
        let next = self
            .request
            .query("next")
            .and_then(|next| Next::parse(next, site.default_origin(self.origin), &site.allowed));
        let passwords = self.has_passwords();
        let check = if passwords {
            flash::CHECK_EMAIL_AND_PASSWORD
        } else {
            flash::CHECK_EMAIL
        };
        self.page(&SignIn {
            brand: self.brand(),
            flash: self.flash(check),
            next: next.map(|next| next.as_str().to_owned()),
            passwords,
            sign_up: self.pages.config.links.sign_up,
            script: theme::SHOW,
        })
    }

    pub(crate) fn check_mail(&self) -> Response {
        let wanted = PendingEmail::parse(self.request.query("for").unwrap_or_default());
        let (flash, passwords) = (self.flash(flash::CHECK_CODE), self.has_passwords());
        self.page(&CheckMail {
            brand: self.brand(),
            flash,
            wanted,
            passwords,
        })
    }

    /// 404 where there are no passwords.
    pub(crate) fn forgot_password(&self) -> Result<Response, Problem> {
        if !self.has_passwords() {
            return Err(Problem::not_found());
        }
        let flash = self.flash(flash::CHECK_EMAIL);
        Ok(self.page(&ForgotPassword {
            brand: self.brand(),
            flash,
            login_url: self.login_url(),
        }))
    }

    /// 404 where users are invited.
    pub(crate) fn sign_up(&self) -> Result<Response, Problem> {
        if !self.pages.config.links.sign_up {
            return Err(Problem::not_found());
        }
        Ok(self.page(&SignUp {
            brand: self.brand(),
            flash: self.flash(flash::CHECK_NAME_AND_EMAIL),
            passwords: self.has_passwords(),
            login_url: self.login_url(),
        }))
    }
}
