//! The pages with forms to fill in: sign in, sign up, request a reset link, enter a code.

use crate::flash::Flash;
use crate::pending_email::PendingEmail;
use crate::templates::{CheckEmailPage, ForgotPasswordPage, SignInPage, SignUpPage};
use crate::{PageContext, flash, theme};
use shared::domain::next::Next;
use shared::domain::paths;
use shared::http::form_error::FormError;
use shared::http::{Problem, Response};

impl PageContext<'_> {
    pub(crate) fn sign_in(&self) -> Response {
        let next = self.next();
        let has_passwords = self.has_passwords();
        let invalid_form = if has_passwords {
            flash::CHECK_EMAIL_AND_PASSWORD
        } else {
            flash::CHECK_EMAIL
        };
        self.render(&SignInPage {
            brand: self.brand(),
            idempotency_key: self.idempotency_key(),
            flash: self.flash(invalid_form),
            forgot_url: Next::add_to(next.as_ref(), paths::FORGOT_PASSWORD),
            sign_up_url: Next::add_to(next.as_ref(), paths::SIGN_UP),
            next,
            has_passwords,
            has_sign_up: self.pages.config.links.sign_up,
            script: theme::SHOW_PASSWORD,
        })
    }

    /// Fails with 400 where the cookie was sent twice.
    pub(crate) fn check_email(&self) -> Result<Response, Problem> {
        let next = self.next();
        let pending = PendingEmail::parse(self.request.query("for").unwrap_or_default());
        Ok(self.render(&CheckEmailPage {
            brand: self.brand(),
            flash: self.code_flash(),
            request_url: Next::add_to(next.as_ref(), pending.request_page()),
            next,
            pending,
            lacks_request: self.nonces()?.is_empty(),
            has_passwords: self.has_passwords(),
        }))
    }

    /// Returns the flash message about a code. Where its link was used elsewhere, only the page of
    /// the link can end that session: this one does not know the token.
    fn code_flash(&self) -> Option<Flash> {
        match FormError::from_query(|name| self.request.query(name)) {
            Some(FormError::UsedToken) => Some(Flash::alert(flash::CODE_USED.to_owned())),
            _ => self.flash(flash::CHECK_CODE),
        }
    }

    /// Fails with 404 on a portal without passwords.
    pub(crate) fn forgot_password(&self) -> Result<Response, Problem> {
        if !self.has_passwords() {
            return Err(Problem::not_found());
        }
        let next = self.next();
        Ok(self.render(&ForgotPasswordPage {
            brand: self.brand(),
            idempotency_key: self.idempotency_key(),
            flash: self.flash(flash::CHECK_EMAIL),
            login_url: self.login_url(next.as_ref()),
            next,
        }))
    }

    /// Fails with 404 on a portal without self sign-up.
    pub(crate) fn sign_up(&self) -> Result<Response, Problem> {
        if !self.pages.config.links.sign_up {
            return Err(Problem::not_found());
        }
        let next = self.next();
        Ok(self.render(&SignUpPage {
            brand: self.brand(),
            idempotency_key: self.idempotency_key(),
            flash: self.flash(flash::CHECK_NAME_AND_EMAIL),
            has_passwords: self.has_passwords(),
            login_url: self.login_url(next.as_ref()),
            next,
        }))
    }
}
