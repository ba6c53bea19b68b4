//! Errors for callers: problem documents (RFC 9457), or a redirect for a form of a page.

use crate::domain::code::InvalidCode;
use crate::domain::link::InvalidIdempotencyKey;
use crate::domain::next::Next;
use crate::domain::password::WeakPassword;
use crate::http::form_error::FormError;
use crate::http::response::{self, Response, value};
use serde::Serialize;
use std::borrow::Cow;
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
    const fn spec(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::InvalidRequest => (400, "invalid-request", "Invalid request"),
            Self::InvalidCredentials => (
                401,
                "invalid-credentials",
                "Wrong email address or password",
            ),
            Self::NotFound => (404, "not-found", "Not found"),
            Self::WeakPassword => (422, "weak-password", "Password not accepted"),
            Self::NotAuthenticated => (401, "not-authenticated", "Not signed in"),
            Self::ReauthenticationRequired => (401, "reauthentication-required", "Confirm first"),
            Self::InvalidToken => (400, "invalid-token", "Invalid link or code"),
            Self::ExpiredToken => (410, "expired-token", "Link expired"),
            Self::UsedToken => (410, "used-token", "Link already used"),
            Self::OriginNotAllowed => (403, "origin-not-allowed", "Origin not allowed"),
            Self::AlreadyExists => (409, "already-exists", "User already exists"),
            Self::Conflict => (409, "conflict", "Not possible in the user's current status"),
            Self::IdempotencyKeyReused => (
                422,
                "idempotency-key-reused",
                "Idempotency key already used",
            ),
            Self::PayloadTooLarge => (413, "payload-too-large", "Body too large"),
            Self::UnsupportedMediaType => (415, "unsupported-media-type", "Unsupported media type"),
            Self::TooManyAttempts => (429, "too-many-attempts", "Too many attempts"),
            Self::Unavailable => (503, "unavailable", "Temporarily unavailable"),
        }
    }

    /// Returns the last part of `type`.
    pub const fn name(self) -> &'static str {
        self.spec().1
    }
}

/// An error on its way to becoming a response.
#[derive(Debug)]
pub struct Problem {
    pub kind: ProblemType,
    detail: Cow<'static, str>,
    reason: Option<&'static str>,
    retry_after: Option<Duration>,
    /// Number of codes that this client may still try, at most 9.
    attempts_left: Option<u8>,
    /// Greatest age of the newest authentication that is accepted, in seconds.
    max_age: Option<u32>,
    /// Page that a form is redirected to.
    page: Option<String>,
    /// `next` of that page.
    next: Option<Next>,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts_left: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<u32>,
}

impl Problem {
    /// Creates a problem; `detail` tells the caller what to do next.
    pub fn new(kind: ProblemType, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            reason: None,
            retry_after: None,
            attempts_left: None,
            max_age: None,
            page: None,
            next: None,
        }
    }

    /// Creates a 400 with advice on the invalid field.
    pub fn invalid_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemType::InvalidRequest, detail)
    }

    /// Creates a 401 for a request without a live session.
    pub fn not_authenticated() -> Self {
        Self::new(ProblemType::NotAuthenticated, "Sign in, then try again.")
    }

    /// Creates a 401 for a session whose newest authentication is older than `max_age`.
    pub fn reauthentication_required(max_age: Duration) -> Self {
        Self {
            max_age: Some(u32::try_from(max_age.as_secs()).unwrap_or(u32::MAX)),
            ..Self::new(
                ProblemType::ReauthenticationRequired,
                "Confirm the session with `POST /auth/confirm`, then try again.",
            )
        }
    }

    /// Creates a 400 that is the same for every link and code that does not work.
    pub fn invalid_token() -> Self {
        Self::new(ProblemType::InvalidToken, "Request a new one.")
    }

    /// Creates a 400 that is the same for every code that does not work.
    pub fn wrong_code(attempts_left: u64) -> Self {
        let detail = if attempts_left == 0 {
            "Request a new code."
        } else {
            "Check the code and try again, or request a new one."
        };
        Self {
            attempts_left: Some(u8::try_from(attempts_left).unwrap_or(u8::MAX)),
            ..Self::new(ProblemType::InvalidToken, detail)
        }
    }

    /// Creates a 401 that is the same for every reason to refuse a password.
    pub fn invalid_credentials() -> Self {
        Self::new(
            ProblemType::InvalidCredentials,
            "Check both and try again, or reset your password.",
        )
    }

    /// Creates a 404 for an endpoint that is not enabled.
    pub fn not_found() -> Self {
        Self::new(ProblemType::NotFound, "This endpoint is not enabled.")
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
            ..Self::new(
                ProblemType::TooManyAttempts,
                "Try again after `retry_after` seconds.",
            )
        }
    }

    /// Creates a 503: nothing was changed, and a retry may succeed.
    pub fn unavailable() -> Self {
        Self::new(ProblemType::Unavailable, "Try again in a moment.")
    }

    /// Sets the page that a form is redirected to, unless one is set already; the page describes
    /// the error.
    #[must_use]
    pub fn redirect_form_to(mut self, page: &str) -> Self {
        self.page.get_or_insert_with(|| page.to_owned());
        self
    }

    /// Keeps the `next` of the failed form in the redirect.
    #[must_use]
    pub fn with_next(mut self, next: Option<&Next>) -> Self {
        self.next = next.cloned();
        self
    }

    /// Returns the error that a page describes in words, or `None` where a redirect would hide an
    /// attack or a broken client.
    fn form_error(&self) -> Option<FormError<'static>> {
        match self.kind {
            ProblemType::InvalidToken => Some(match self.attempts_left {
                Some(left) => FormError::WrongCode(left),
                None => FormError::InvalidToken,
            }),
            ProblemType::ExpiredToken => Some(FormError::ExpiredToken),
            ProblemType::UsedToken => Some(FormError::UsedToken),
            ProblemType::InvalidRequest => Some(FormError::InvalidRequest),
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
            | ProblemType::PayloadTooLarge
            | ProblemType::UnsupportedMediaType => None,
        }
    }

    /// Returns the advice to the caller.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns a redirect for a form that has a page, otherwise the problem document.
    pub fn into_response(self, to_form: bool) -> Response {
        if let (true, Some(page), Some(error)) = (to_form, &self.page, self.form_error()) {
            let separator = if page.contains('?') { '&' } else { '?' };
            let page = format!("{page}{separator}{}", error.to_query());
            return response::see_other(&Next::add_to(self.next.as_ref(), &page));
        }
        let (status, name, title) = self.kind.spec();
        let document = Document {
            kind: format!("urn:vestibule:problem:{name}"),
            title,
            status,
            detail: &self.detail,
            reason: self.reason,
            retry_after: self.retry_after.map(|wait| wait.as_secs()),
            attempts_left: self.attempts_left,
            max_age: self.max_age,
        };
        let mut response = response::json(status, &document);
        let headers = response.headers_mut();
        headers.insert("content-type", value("application/problem+json"));
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

impl From<InvalidIdempotencyKey> for Problem {
    fn from(_: InvalidIdempotencyKey) -> Self {
        Self::invalid_request("`idempotency_key` must be 16 to 128 visible ASCII characters.")
    }
}

impl From<InvalidCode> for Problem {
    fn from(_: InvalidCode) -> Self {
        Self::invalid_request("`code` must be the 8 digits from the email.")
    }
}

impl From<WeakPassword> for Problem {
    fn from(weak: WeakPassword) -> Self {
        Self {
            reason: Some(weak.as_str()),
            ..Self::new(ProblemType::WeakPassword, weak.to_string())
        }
    }
}
