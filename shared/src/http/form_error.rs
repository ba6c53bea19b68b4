//! The error that a redirected form carries in its query: `error`, and `reason` where an error has
//! several.

use super::request::Request;

/// An error of a form, as the page that it is redirected to receives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormError<'a> {
    InvalidRequest,
    InvalidCredentials,
    InvalidToken,
    ExpiredToken,
    UsedToken,
    /// Carries the reason, as `WeakPassword::as_str` spells it.
    WeakPassword(&'a str),
    TooManyAttempts,
    Unavailable,
    /// An error that this version does not know.
    Unknown,
}

impl<'a> FormError<'a> {
    /// Returns the query without its question mark.
    pub fn to_query(self) -> String {
        let (error, reason) = match self {
            Self::InvalidRequest => ("invalid_request", ""),
            Self::InvalidCredentials => ("invalid_credentials", ""),
            Self::InvalidToken => ("invalid_token", "invalid"),
            Self::ExpiredToken => ("invalid_token", "expired"),
            Self::UsedToken => ("invalid_token", "used"),
            Self::WeakPassword(reason) => ("weak_password", reason),
            Self::TooManyAttempts => ("too_many_attempts", ""),
            Self::Unavailable | Self::Unknown => ("unavailable", ""),
        };
        if reason.is_empty() {
            format!("error={error}")
        } else {
            format!("error={error}&reason={reason}")
        }
    }

    /// Reads the error from a request's query; `None` if it carries none.
    pub fn from_query(request: &'a Request) -> Option<Self> {
        let query = |name| request.query(name).unwrap_or_default();
        Some(match (query("error"), query("reason")) {
            ("", _) => return None,
            ("invalid_request", _) => Self::InvalidRequest,
            ("invalid_credentials", _) => Self::InvalidCredentials,
            ("invalid_token", "expired") => Self::ExpiredToken,
            ("invalid_token", "used") => Self::UsedToken,
            ("invalid_token", _) => Self::InvalidToken,
            ("weak_password", reason) => Self::WeakPassword(reason),
            ("too_many_attempts", _) => Self::TooManyAttempts,
            ("unavailable", _) => Self::Unavailable,
            _ => Self::Unknown,
        })
    }
}
