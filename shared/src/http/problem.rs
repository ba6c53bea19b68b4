//! Errors for callers: their types, and what each says.

mod response;

pub use response::Reader;

use crate::domain::code::InvalidCode;
use crate::domain::language::Language;
use crate::domain::language::sentences::{ApiSentences, fill};
use crate::domain::link::InvalidIdempotencyKey;
use crate::domain::next::Next;
use crate::domain::password::{MAX_LENGTH, WeakPassword};
use http::StatusCode;
use response::FormRedirect;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// The stable problem types. The `type` member is `urn:vestibule:problem:` followed by the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemType {
    /// 400: the request is malformed or has an invalid field.
    InvalidRequest,
    /// 401: no active user has this address and password.
    InvalidCredentials,
    /// 404: the endpoint or item does not exist here.
    NotFound,
    /// 422: the password does not meet the rules.
    WeakPassword,
    /// 401: the session is missing, expired or revoked.
    NotAuthenticated,
    /// 401: the user must confirm the session first (RFC 9470).
    ReauthenticationRequired,
    /// 400: the link or code does not work.
    InvalidToken,
    /// 410: the link was valid, but has expired.
    ExpiredToken,
    /// 410: the link was already used.
    UsedToken,
    /// 403: a foreign page sent the request.
    OriginNotAllowed,
    /// 409: another user has the address. Only administrators see this.
    AlreadyExists,
    /// 409: the user's status does not allow it. Only administrators see this.
    Conflict,
    /// 422: the key of an earlier request with another body. Only administrators see this.
    IdempotencyKeyReused,
    /// 422: the texts of an email have errors. Only administrators see this.
    InvalidTemplate,
    /// 413: the body exceeds 16 KiB, or 256 KiB for administrators.
    PayloadTooLarge,
    /// 415: the body is neither JSON nor, for pages, a form.
    UnsupportedMediaType,
    /// 429: a rate limit is exhausted.
    TooManyAttempts,
    /// 503: the store or the key ring cannot be reached.
    Unavailable,
}

impl ProblemType {
    const fn spec(self) -> (u16, &'static str, Title) {
        match self {
            Self::InvalidRequest => (400, "invalid-request", |t| t.invalid_request),
            Self::InvalidCredentials => (401, "invalid-credentials", |t| t.invalid_credentials),
            Self::NotFound => (404, "not-found", |t| t.not_found),
            Self::WeakPassword => (422, "weak-password", |t| t.weak_password),
            Self::NotAuthenticated => (401, "not-authenticated", |t| t.not_authenticated),
            Self::ReauthenticationRequired => (401, "reauthentication-required", |t| {
                t.reauthentication_required
            }),
            Self::InvalidToken => (400, "invalid-token", |t| t.invalid_token),
            Self::ExpiredToken => (410, "expired-token", |t| t.expired_token),
            Self::UsedToken => (410, "used-token", |t| t.used_token),
            Self::OriginNotAllowed => (403, "origin-not-allowed", |t| t.origin_not_allowed),
            Self::AlreadyExists => (409, "already-exists", |t| t.already_exists),
            Self::Conflict => (409, "conflict", |t| t.conflict),
            Self::IdempotencyKeyReused => {
                (422, "idempotency-key-reused", |t| t.idempotency_key_reused)
            }
            Self::InvalidTemplate => (422, "invalid-template", |t| t.invalid_template),
            Self::PayloadTooLarge => (413, "payload-too-large", |t| t.payload_too_large),
            Self::UnsupportedMediaType => {
                (415, "unsupported-media-type", |t| t.unsupported_media_type)
            }
            Self::TooManyAttempts => (429, "too-many-attempts", |t| t.too_many_attempts),
            Self::Unavailable => (503, "unavailable", |t| t.unavailable),
        }
    }

    /// Returns the last part of `type`.
    pub const fn name(self) -> &'static str {
        self.spec().1
    }
}

type Title = fn(&'static ApiSentences) -> &'static str;

/// A sentence that tells the caller what to do next, in the language of the response.
struct Detail(Box<dyn Fn(&'static ApiSentences) -> Cow<'static, str> + Send + Sync>);

/// Shows the sentence in English.
impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&(self.0)(Language::English.api()), f)
    }
}

/// An error on its way to becoming a response.
#[derive(Debug)]
pub struct Problem {
    pub kind: ProblemType,
    detail: Detail,
    /// The path of the field that is invalid, such as `users[0].email`.
    field: Option<String>,
    reason: Option<&'static str>,
    retry_after: Option<Duration>,
    /// Number of codes that this client may still try, at most 9.
    attempts_left: Option<u8>,
    /// Greatest age of the newest authentication that is accepted, in seconds.
    max_age: Option<u32>,
    /// The errors of files, in the language of the request.
    errors: Vec<FileError>,
    redirect: Option<Box<FormRedirect>>,
}

/// An error in a file that was sent.
#[derive(Debug, Serialize)]
pub struct FileError {
    pub file: &'static str,
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
    pub message: String,
}

impl Problem {
    /// Creates a problem; `detail` picks the sentence that tells the caller what to do next.
    pub fn new<T: Into<Cow<'static, str>>>(
        kind: ProblemType,
        detail: impl Fn(&'static ApiSentences) -> T + Send + Sync + 'static,
    ) -> Self {
        Self {
            kind,
            detail: Detail(Box::new(move |sentences| detail(sentences).into())),
            field: None,
            reason: None,
            retry_after: None,
            attempts_left: None,
            max_age: None,
            errors: vec![],
            redirect: None,
        }
    }

    /// Creates a 400 for a request that is invalid as a whole.
    pub fn invalid_request<T: Into<Cow<'static, str>>>(
        detail: impl Fn(&'static ApiSentences) -> T + Send + Sync + 'static,
    ) -> Self {
        Self::new(ProblemType::InvalidRequest, detail)
    }

    /// Creates a 400 with advice on an invalid field.
    pub fn invalid_field<T: Into<Cow<'static, str>>>(
        field: impl Into<String>,
        detail: impl Fn(&'static ApiSentences) -> T + Send + Sync + 'static,
    ) -> Self {
        Self::invalid_request(detail).with_field(Some(field.into()))
    }

    /// Names the field that is invalid.
    #[must_use]
    pub fn with_field(mut self, field: Option<String>) -> Self {
        self.field = field;
        self
    }

    /// Creates a 401 for a request without a live session.
    pub fn not_authenticated() -> Self {
        Self::new(ProblemType::NotAuthenticated, |t| t.sign_in_first)
    }

    /// Creates a 401 for a session whose newest authentication is older than `max_age`.
    pub fn reauthentication_required(max_age: Duration) -> Self {
        Self {
            max_age: Some(u32::try_from(max_age.as_secs()).unwrap_or(u32::MAX)),
            ..Self::new(ProblemType::ReauthenticationRequired, |t| t.confirm_first)
        }
    }

    /// Creates a 400 that is the same for every link and code that does not work.
    pub fn invalid_token() -> Self {
        Self::new(ProblemType::InvalidToken, |t| t.request_new_link)
    }

    /// Creates a 400 that is the same for every code that does not work.
    pub fn wrong_code(attempts_left: u64) -> Self {
        let detail: Title = if attempts_left == 0 {
            |t| t.request_new_code
        } else {
            |t| t.check_code
        };
        Self {
            attempts_left: Some(u8::try_from(attempts_left).unwrap_or(u8::MAX)),
            ..Self::new(ProblemType::InvalidToken, detail)
        }
    }

    /// Creates a 401 that is the same for every reason to refuse a password.
    pub fn invalid_credentials() -> Self {
        Self::new(ProblemType::InvalidCredentials, |t| t.check_credentials)
    }

    /// Creates a 422 with the errors of an email template.
    pub fn invalid_template(errors: Vec<FileError>) -> Self {
        Self {
            errors,
            ..Self::new(ProblemType::InvalidTemplate, |t| t.invalid_template_detail)
        }
    }

    /// Creates a 404 for an endpoint that is not enabled.
    pub fn not_found() -> Self {
        Self::new(ProblemType::NotFound, |t| t.endpoint_not_enabled)
    }

    /// Hides why a code did not work: every problem but 503 becomes that of a wrong code.
    #[must_use]
    pub fn uniform(self, attempts_left: u64) -> Self {
        if self.kind == ProblemType::Unavailable {
            self
        } else {
            Self::wrong_code(attempts_left)
        }
    }

    /// Creates a 429 with `retry_after` rounded up to whole seconds.
    pub fn too_many_attempts(retry_after: Duration) -> Self {
        let wait = Duration::from_secs(retry_after.as_millis().div_ceil(1000) as u64);
        Self {
            retry_after: Some(wait),
            ..Self::new(ProblemType::TooManyAttempts, |t| t.wait)
        }
    }

    /// Creates a 503: nothing was changed, and a retry may succeed.
    pub fn unavailable() -> Self {
        Self::new(ProblemType::Unavailable, |t| t.try_again)
    }

    /// Sets the page that a form is redirected to, unless one is set already; the page describes
    /// the error.
    #[must_use]
    pub fn redirect_form_to(mut self, page: &str) -> Self {
        self.redirect.get_or_insert_with(|| {
            Box::new(FormRedirect {
                page: page.to_owned(),
                ..FormRedirect::default()
            })
        });
        self
    }

    /// Keeps what was typed into the failed form: `cookie` is the `Set-Cookie` value.
    #[must_use]
    pub fn with_draft(mut self, cookie: String) -> Self {
        if let Some(redirect) = &mut self.redirect {
            redirect.draft = Some(cookie);
        }
        self
    }

    /// Keeps the `next` of the failed form in the redirect.
    #[must_use]
    pub fn with_next(mut self, next: Option<&Next>) -> Self {
        if let Some(redirect) = &mut self.redirect {
            redirect.next = next.cloned();
        }
        self
    }

    /// Returns the status of the response.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.spec().0).unwrap_or_default()
    }

    /// Returns the advice to the caller.
    pub fn detail(&self, language: Language) -> Cow<'static, str> {
        (self.detail.0)(language.api())
    }
}

impl From<InvalidIdempotencyKey> for Problem {
    fn from(_: InvalidIdempotencyKey) -> Self {
        Self::invalid_field("idempotency_key", |t| t.idempotency_key_invalid)
    }
}

impl From<InvalidCode> for Problem {
    fn from(_: InvalidCode) -> Self {
        Self::invalid_field("code", |t| t.code_invalid)
    }
}

impl From<WeakPassword> for Problem {
    fn from(weak: WeakPassword) -> Self {
        Self {
            reason: Some(weak.as_str()),
            field: Some("password".to_owned()),
            ..Self::new(ProblemType::WeakPassword, move |t| weak_password(weak, t))
        }
    }
}

/// Returns the sentence that says why a password is not accepted.
pub fn weak_password(weak: WeakPassword, sentences: &ApiSentences) -> String {
    let (sentence, name, number) = match weak {
        WeakPassword::TooShort { min_length } => (sentences.too_short, "minimum", min_length),
        WeakPassword::TooLong => (sentences.too_long, "maximum", MAX_LENGTH),
        WeakPassword::Personal => (sentences.personal, "", 0),
        WeakPassword::Common => (sentences.common, "", 0),
        WeakPassword::Repeats => (sentences.repeats, "", 0),
        WeakPassword::Sequence => (sentences.sequence, "", 0),
        WeakPassword::Keyboard => (sentences.keyboard, "", 0),
        WeakPassword::Dates => (sentences.dates, "", 0),
        WeakPassword::Names => (sentences.names, "", 0),
        WeakPassword::Guessable => (sentences.guessable, "", 0),
    };
    fill(sentence, &[(name, &number.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weak_password_is_explained_in_every_language() {
        let weak = WeakPassword::TooShort { min_length: 15 };
        let sentences = Language::ALL.map(|language| weak_password(weak, language.api()));
        let expected = [
            "Use at least 15 characters.",
            "Verwenden Sie mindestens 15 Zeichen.",
        ];
        assert_eq!(sentences, expected);
    }
}
