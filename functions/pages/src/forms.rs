//! The pages with forms to fill in: sign in, sign up, request a reset link, enter a code.

use crate::pending_email::PendingEmail;
use crate::templates::{CheckEmailPage, ForgotPasswordPage, SignInPage, SignUpPage};
use crate::{PageContext, flash, theme};
use shared::domain::next::Next;
use shared::http::{Problem, Response};

impl PageContext<'_> {
    pub(crate) fn sign_in(&self) -> Response {
        let site = &self.pages.config.site;
        let default_origin = site.default_origin(self.origin);
        let next = self
            .request
            .query("next")
            .and_then(|next| Next::parse(next, default_origin, &site.allowed));
        let has_passwords = self.has_passwords();
        let invalid_form = if has_passwords {
            flash::CHECK_EMAIL_AND_PASSWORD
        } else {
            flash::CHECK_EMAIL
        };
        self.render(&SignInPage {
            brand: self.brand(),
            flash: self.flash(invalid_form),
            next: next.map(|next| next.as_str().to_owned()),
            has_passwords,
            has_sign_up: self.pages.config.links.sign_up,
            script: theme::SHOW_PASSWORD,
        })
    }

    /// Fails with 400 where the cookie was sent twice.
    pub(crate) fn check_email(&self) -> Result<Response, Problem> {
        let pending = PendingEmail::parse(self.request.query("for").unwrap_or_default());
        Ok(self.render(&CheckEmailPage {
            brand: self.brand(),
            flash: self.flash(flash::CHECK_CODE),
            pending,
            lacks_request: self.nonces()?.is_empty(),
            has_passwords: self.has_passwords(),
        }))
    }

    /// Fails with 404 on a portal without passwords.
    pub(crate) fn forgot_password(&self) -> Result<Response, Problem> {
        if !self.has_passwords() {
            return Err(Problem::not_found());
        }
        Ok(self.render(&ForgotPasswordPage {
            brand: self.brand(),
            flash: self.flash(flash::CHECK_EMAIL),
            login_url: self.login_url(),
        }))
    }

    /// Fails with 404 on a portal without self sign-up.
    pub(crate) fn sign_up(&self) -> Result<Response, Problem> {
        if !self.pages.config.links.sign_up {
            return Err(Problem::not_found());
        }
        Ok(self.render(&SignUpPage {
            brand: self.brand(),
            flash: self.flash(flash::CHECK_NAME_AND_EMAIL),
            has_passwords: self.has_passwords(),
            login_url: self.login_url(),
        }))
    }
}
