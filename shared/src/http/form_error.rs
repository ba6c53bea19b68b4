//! The error that a redirected form carries in its query: `error`, and `reason` where an error has
//! several.

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

    /// Parses the query parameters `error` and `reason`. Returns `None` if there is no error.
    pub fn from_query(error: &str, reason: &'a str) -> Option<Self> {
        Some(match (error, reason) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_parsed_from_its_query() {
        for error in [
            FormError::InvalidRequest,
            FormError::InvalidCredentials,
            FormError::InvalidToken,
            FormError::ExpiredToken,
            FormError::UsedToken,
            FormError::WeakPassword("too-short"),
            FormError::TooManyAttempts,
            FormError::Unavailable,
        ] {
            let query = error.to_query();
            let (name, reason) = query.split_once("&reason=").unwrap_or((&query, ""));
            let name = name.strip_prefix("error=").unwrap();
            assert_eq!(FormError::from_query(name, reason), Some(error));
        }
        assert_eq!(FormError::from_query("", "used"), None);
        assert_eq!(FormError::from_query("other", ""), Some(FormError::Unknown));
    }
}
