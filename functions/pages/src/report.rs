//! The page behind the link of a notice: "This wasn't me". It reads no table, and shows nothing of
//! the account.

use crate::PageContext;
use crate::templates::{MessagePage, ReportPage};
use shared::domain::link::Purpose;
use shared::domain::paths;
use shared::http::problem::ProblemType;
use shared::http::{Problem, Response};
use shared::keys::TokenError;

impl PageContext<'_> {
    /// Serves the form that reports, and afterwards what has happened and what to do next.
    pub(crate) fn report_link(&self, token: &str) -> Result<Response, Problem> {
        let t = self.language.pages();
        let link = match self.ring.read_link(Purpose::Report, token) {
            Ok(signed) => signed.content,
            Err(TokenError::Invalid) => return self.no_report(ProblemType::InvalidToken),
            Err(error) => return Err(error.into()),
        };
        if self.request.query("notice") == Some("reported") {
            return self.after_report(t.reported, t.reported_text);
        }
        if let Some(failure) = self.posted_failure() {
            return self.no_report(failure);
        }
        if link.expires_at <= self.now {
            return self.no_report(ProblemType::ExpiredToken);
        }
        Ok(self.render(&ReportPage {
            frame: self.frame("")?,
            token,
        }))
    }

    fn no_report(&self, failure: ProblemType) -> Result<Response, Problem> {
        let t = self.language.pages();
        match failure {
            ProblemType::UsedToken => self.after_report(t.link_used, t.report_used_text),
            ProblemType::ExpiredToken => self.after_report(t.link_expired, t.report_expired_text),
            _ => self.after_report(t.link_unsupported, t.report_invalid_text),
        }
    }

    /// Says `text`, and what a user can still do: choose another password where there are any, or
    /// sign in, or ask for help.
    fn after_report(&self, heading: &'static str, text: &'static str) -> Result<Response, Problem> {
        let t = self.language.pages();
        let (next, url, button) = if self.has_passwords() {
            let url = self.origin.join(paths::FORGOT_PASSWORD);
            (t.report_then_password, url, t.reset_title)
        } else {
            (t.report_then_sign_in, self.login_url(None), t.sign_in)
        };
        let mut frame = self.frame("")?;
        // The heading says it.
        frame.flash = None;
        Ok(self.render(&MessagePage {
            frame,
            heading,
            texts: vec![text, next],
            address: None,
            url,
            button,
            more: Some(t.report_help),
        }))
    }
}
