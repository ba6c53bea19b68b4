//! A problem as a response: a document (RFC 9457), a page, or a redirect.

use super::{FileError, Problem, ProblemType};
use crate::domain::language::Language;
use crate::domain::next::Next;
use crate::domain::paths;
use crate::http::form_error::FormError;
use crate::http::response::{self, Response, value};
use askama::Template;
use serde::Serialize;

/// The client that a problem is for.
#[derive(Clone, Copy, Default)]
pub struct Reader {
    /// A page posted a form. It shows the error if the problem has a redirect to it.
    pub sent_form: bool,
    /// A person reads the response in a browser.
    pub reads_html: bool,
}

/// The page that a form is redirected to.
#[derive(Debug, Default)]
pub(super) struct FormRedirect {
    pub(super) page: String,
    pub(super) next: Option<Next>,
    /// The `Set-Cookie` value that keeps what was typed into the form.
    pub(super) draft: Option<String>,
}

impl FormRedirect {
    fn response(&self, error: FormError<'_>) -> Response {
        let separator = if self.page.contains('?') { '&' } else { '?' };
        let page = format!("{}{separator}{}", self.page, error.to_query());
        let redirect = response::see_other(&Next::add_to(self.next.as_ref(), &page));
        match &self.draft {
            Some(cookie) => response::with_cookie(redirect, cookie),
            None => redirect,
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts_left: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<u32>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FileError],
}

impl Document<'_> {
    fn json(&self) -> Response {
        let mut response = response::json(self.status, self);
        let kind = value("application/problem+json");
        response.headers_mut().insert("content-type", kind);
        response
    }

    /// Returns the problem as a page.
    fn page(&self, language: Language) -> Option<Response> {
        let page = ProblemPage {
            lang: language.tag(),
            title: self.title,
            detail: self.detail,
            url: paths::SIGN_IN,
            link: language.pages().to_sign_in,
        };
        let html = page.render().ok()?;
        Some(response::text(
            self.status,
            "text/html; charset=utf-8",
            html,
        ))
    }
}

/// A problem as a page. It has no style, as only the pages' own content security policy allows any.
#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    lang: &'static str,
    title: &'a str,
    detail: &'a str,
    url: &'static str,
    link: &'static str,
}

impl Problem {
    /// Returns the error that a page describes in words, or `None` where a redirect would hide an
    /// attack or a broken client.
    fn form_error(&self) -> Option<FormError<'_>> {
        match self.kind {
            ProblemType::InvalidToken => Some(match self.attempts_left {
                Some(left) => FormError::WrongCode(left),
                None => FormError::InvalidToken,
            }),
            ProblemType::ExpiredToken => Some(FormError::ExpiredToken),
            ProblemType::UsedToken => Some(FormError::UsedToken),
            ProblemType::InvalidRequest => Some(FormError::InvalidRequest(
                self.field.as_deref().unwrap_or_default(),
            )),
            ProblemType::InvalidCredentials => Some(FormError::InvalidCredentials),
            ProblemType::WeakPassword => {
                Some(FormError::WeakPassword(self.reason.unwrap_or_default()))
            }
            ProblemType::TooManyAttempts => {
                let wait = self.retry_after.unwrap_or_default();
                Some(FormError::TooManyAttempts(wait.as_secs()))
            }
            ProblemType::Unavailable => Some(FormError::Unavailable),
            ProblemType::NotAuthenticated
            | ProblemType::ReauthenticationRequired
            | ProblemType::NotFound
            | ProblemType::OriginNotAllowed
            | ProblemType::AlreadyExists
            | ProblemType::Conflict
            | ProblemType::IdempotencyKeyReused
            | ProblemType::InvalidTemplate
            | ProblemType::PayloadTooLarge
            | ProblemType::UnsupportedMediaType => None,
        }
    }

    /// Returns a redirect for a form that has a page, a page for any other browser, and otherwise
    /// the problem document.
    pub fn into_response(self, reader: Reader, language: Language) -> Response {
        let redirect = self.redirect.as_ref().filter(|_| reader.sent_form);
        if let (Some(redirect), Some(error)) = (redirect, self.form_error()) {
            return redirect.response(error);
        }
        let (status, name, title) = self.kind.spec();
        let document = Document {
            kind: format!("urn:vestibule:problem:{name}"),
            title: title(language.api()),
            status,
            detail: &self.detail(language),
            field: self.field.as_deref(),
            reason: self.reason,
            retry_after: self.retry_after.map(|wait| wait.as_secs()),
            attempts_left: self.attempts_left,
            max_age: self.max_age,
            errors: &self.errors,
        };
        let page = reader.reads_html.then(|| document.page(language));
        let mut response = page.flatten().unwrap_or_else(|| document.json());
        let headers = response.headers_mut();
        if let Some(seconds) = document.retry_after {
            headers.insert("retry-after", value(&seconds.to_string()));
        }
        if status == 401 {
            // RFC 9110, 15.5.2: a 401 names an authentication scheme.
            headers.insert("www-authenticate", value(&challenge(document.max_age)));
        }
        response
    }
}

/// Returns the challenge of a 401, with the greatest accepted age in seconds (RFC 9470, 3).
fn challenge(max_age: Option<u32>) -> String {
    let scheme = "Bearer".to_owned();
    max_age.map_or(scheme, |seconds| {
        format!("Bearer error=\"insufficient_user_authentication\", max_age=\"{seconds}\"")
    })
}
