//! The error that a redirected form carries in its query: `error`, `reason` where an error has
//! several, and `retry_after` in seconds.

/// An error of a form, as the page that it is redirected to receives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormError<'a> {
    InvalidRequest,
    InvalidCredentials,
    InvalidToken,
    ExpiredToken,
    UsedToken,
    /// A code that does not work. Carries the number of codes that may still be tried.
    WrongCode(u8),
    /// Carries the reason, as `WeakPassword::as_str` spells it.
    WeakPassword(&'a str),
    /// Carries the seconds to wait, 0 if they are unknown.
    TooManyAttempts(u64),
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
            Self::WrongCode(left) => {
                return format!("error=invalid_token&reason=invalid&attempts_left={left}");
            }
            Self::WeakPassword(reason) => ("weak_password", reason),
            Self::TooManyAttempts(seconds) => {
                return format!("error=too_many_attempts&retry_after={seconds}");
            }
            Self::Unavailable | Self::Unknown => ("unavailable", ""),
        };
        if reason.is_empty() {
            format!("error={error}")
        } else {
            format!("error={error}&reason={reason}")
        }
    }

    /// Reads the error from the parameters of a query; `None` if it carries none.
    pub fn from_query(query: impl Fn(&'static str) -> Option<&'a str>) -> Option<Self> {
        let parameter = |name| query(name).unwrap_or_default();
        Some(match (parameter("error"), parameter("reason")) {
            ("", _) => return None,
            ("invalid_request", _) => Self::InvalidRequest,
            ("invalid_credentials", _) => Self::InvalidCredentials,
            ("invalid_token", "expired") => Self::ExpiredToken,
            ("invalid_token", "used") => Self::UsedToken,
            ("invalid_token", _) => match parameter("attempts_left").parse() {
                // At most 10 codes may be tried: a larger number is not ours.
                Ok(left @ 0..10) => Self::WrongCode(left),
                _ => Self::InvalidToken,
            },
            ("weak_password", reason) => Self::WeakPassword(reason),
            ("too_many_attempts", _) => {
                Self::TooManyAttempts(parameter("retry_after").parse().unwrap_or_default())
            }
            ("unavailable", _) => Self::Unavailable,
            _ => Self::Unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_read_from_its_query() {
        let read = |query: &'static str| {
            let parameters = query.split('&').filter_map(|part| part.split_once('='));
            FormError::from_query(move |name| {
                let mut parameters = parameters.clone();
                Some(parameters.find(|(found, _)| *found == name)?.1)
            })
        };
        for error in [
            FormError::InvalidRequest,
            FormError::InvalidCredentials,
            FormError::InvalidToken,
            FormError::ExpiredToken,
            FormError::UsedToken,
            FormError::WrongCode(0),
            FormError::WrongCode(4),
            FormError::WeakPassword("too-short"),
            FormError::TooManyAttempts(37),
            FormError::Unavailable,
        ] {
            assert_eq!(read(error.to_query().leak()), Some(error));
        }
        assert_eq!(read("reason=used"), None);
        assert_eq!(read("error=other"), Some(FormError::Unknown));
    }
}
