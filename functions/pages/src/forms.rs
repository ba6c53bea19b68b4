//! The pages with forms to fill in: sign in, sign up, request a reset link, enter a code.

use crate::PageContext;
use crate::flash::Flash;
use crate::pending_email::PendingEmail;
use crate::templates::{CheckEmailPage, ContinuePage, ForgotPasswordPage, SignInPage, SignUpPage};
use serde::Deserialize;
use shared::auth::request_email::{parse_address, parse_next};
use shared::domain::next::Next;
use shared::domain::paths;
use shared::domain::time::MINUTE;
use shared::http::form_draft::FormDraft;
use shared::http::form_error::FormError;
use shared::http::response::{self, with_cookie};
use shared::http::{Problem, Response};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContinueInput {
    email: String,
    next: Option<String>,
}

impl PageContext<'_> {
    /// Serves the first step of signing in. After a link that does not work, and on a portal
    /// without passwords, the next step is an email.
    pub(crate) fn sign_in(&self) -> Result<Response, Problem> {
        let next = self.next();
        let next = next.as_ref();
        let has_passwords = self.has_passwords();
        let by_email = !has_passwords || self.has_failed_link();
        let url = |path| Next::add_to(next, path);
        Ok(self.render(&SignInPage {
            frame: self.frame("email")?.with_fields(&["email"]),
            session: self.session()?,
            by_email,
            password_url: (has_passwords && by_email).then(|| url(paths::SIGN_IN)),
            sign_up_url: self.has_sign_up().then(|| url(paths::SIGN_UP)),
        }))
    }

    /// Returns true if the query says that a link or a code did not work.
    fn has_failed_link(&self) -> bool {
        matches!(
            FormError::from_query(|name| self.request.query(name)),
            Some(
                FormError::InvalidToken
                    | FormError::ExpiredToken
                    | FormError::UsedToken
                    | FormError::WrongCode(_)
            )
        )
    }

    /// Takes the address, the same way for every one, and redirects to the second step.
    pub(crate) fn take_address(&self) -> Result<Response, Problem> {
        let site = &self.app.config.site;
        let portal = &self.app.config.portal;
        let input: ContinueInput = self.request.body(site, self.origin)?;
        let draft = FormDraft::of_address(&input.email).cookie(portal, self.origin);
        let page = self.origin.join(paths::SIGN_IN);
        let refuse = |problem: Problem| problem.redirect_form_to(&page).with_draft(draft.clone());
        let next = parse_next(input.next.as_deref(), site, self.origin).map_err(refuse)?;
        parse_address(&input.email).map_err(|problem| refuse(problem).with_next(next.as_ref()))?;
        let second_step = Next::add_to(next.as_ref(), &self.origin.join(paths::CONTINUE));
        Ok(with_cookie(response::see_other(&second_step), &draft))
    }

    /// Serves the second step of signing in. Redirects to the first one on a portal without
    /// passwords.
    pub(crate) fn continue_sign_in(&self) -> Result<Response, Problem> {
        let next = self.next();
        let url = |path| Next::add_to(next.as_ref(), path);
        if !self.has_passwords() {
            let page = self.origin.join(paths::SIGN_IN);
            return Ok(response::see_other(&Next::add_to(next.as_ref(), &page)));
        }
        let has_address = !self.draft()?.email.is_empty();
        let focus = if has_address { "password" } else { "email" };
        Ok(self.render(&ContinuePage {
            frame: self
                .frame(focus)?
                .with_fields(&["password", if has_address { "" } else { "email" }]),
            has_address,
            change_url: url(paths::SIGN_IN),
            forgot_url: url(paths::FORGOT_PASSWORD),
        }))
    }

    /// Fails with 400 where a cookie was sent twice.
    pub(crate) fn check_email(&self) -> Result<Response, Problem> {
        let pending = PendingEmail::parse(self.request.query("for").unwrap_or_default());
        let lacks_request = self.nonces()?.is_empty();
        let mut frame = self.frame(if lacks_request { "" } else { "code" })?;
        if let Some(FormError::UsedToken) = FormError::from_query(|name| self.request.query(name)) {
            // Only the page of the link can end that session: this one does not know the token.
            frame.flash = Some(Flash::error("code", frame.t.code_used));
        }
        let draft = &frame.draft;
        let has_name = !pending.is_sign_up() || !draft.name.is_empty();
        let is_waiting = !lacks_request && self.session()?.is_none();
        let landing_url = self
            .app
            .config
            .site
            .landing_url(frame.next.as_ref(), self.origin);
        Ok(self.render(&CheckEmailPage {
            sentence: pending.sentence(frame.t, !draft.email.is_empty()),
            has_code: !pending.is_reset() && !lacks_request,
            is_sign_up: pending.is_sign_up(),
            action: pending.action(),
            request_url: Next::add_to(frame.next.as_ref(), pending.request_page()),
            can_send_again: !draft.email.is_empty() && has_name,
            wait: self.seconds_until_next_request(draft),
            lacks_request: lacks_request && !pending.is_reset(),
            landing_url: is_waiting.then_some(landing_url),
            has_passwords: self.has_passwords(),
            frame,
        }))
    }

    /// Returns the seconds until the limit per minute lets another request through.
    fn seconds_until_next_request(&self, draft: &FormDraft) -> u64 {
        let (Some(at), 1) = (
            draft.requested_at,
            self.app.config.request_limits.per_minute,
        ) else {
            return 0;
        };
        MINUTE.saturating_sub(self.now.since(at)).as_secs()
    }

    /// Fails with 404 on a portal without passwords.
    pub(crate) fn forgot_password(&self) -> Result<Response, Problem> {
        if !self.has_passwords() {
            return Err(Problem::not_found());
        }
        Ok(self.render(&ForgotPasswordPage {
            frame: self.frame("email")?,
            login_url: self.login_url(self.next().as_ref()),
        }))
    }

    /// Fails with 404 on a portal without self sign-up.
    pub(crate) fn sign_up(&self) -> Result<Response, Problem> {
        if !self.has_sign_up() {
            return Err(Problem::not_found());
        }
        Ok(self.render(&SignUpPage {
            frame: self.frame("name")?,
            has_passwords: self.has_passwords(),
            login_url: self.login_url(self.next().as_ref()),
        }))
    }
}
