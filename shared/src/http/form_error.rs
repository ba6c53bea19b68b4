//! The error that a redirected form carries in its query: `error` is the name of the problem type,
//! and `field`, `reason`, `attempts_left` and `retry_after` are as in the problem document.

/// An error of a form, as the page that it is redirected to receives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormError<'a> {
    /// Carries the path of the invalid field, empty if it is not known.
    InvalidRequest(&'a str),
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
    /// The session that a form of the account page is about does not exist, or has ended.
    NotFound,
    Unavailable,
    /// An error that this version does not know.
    Unknown,
}

impl<'a> FormError<'a> {
    /// Returns the query without its question mark.
    pub fn to_query(self) -> String {
        match self {
            Self::InvalidRequest(field) if is_plain(field) => {
                format!("error=invalid-request&field={field}")
            }
            Self::InvalidRequest(_) => "error=invalid-request".to_owned(),
            Self::InvalidCredentials => "error=invalid-credentials".to_owned(),
            Self::InvalidToken => "error=invalid-token".to_owned(),
            Self::ExpiredToken => "error=expired-token".to_owned(),
            Self::UsedToken => "error=used-token".to_owned(),
            Self::WrongCode(left) => format!("error=invalid-token&attempts_left={left}"),
            Self::WeakPassword(reason) => format!("error=weak-password&reason={reason}"),
            Self::TooManyAttempts(seconds) => {
                format!("error=too-many-attempts&retry_after={seconds}")
            }
            Self::NotFound => "error=not-found".to_owned(),
            Self::Unavailable | Self::Unknown => "error=unavailable".to_owned(),
        }
    }

    /// Reads the error from the parameters of a query; `None` if it carries none.
    pub fn from_query(query: impl Fn(&'static str) -> Option<&'a str>) -> Option<Self> {
        let parameter = |name| query(name).unwrap_or_default();
        Some(match parameter("error") {
            "" => return None,
            "invalid-request" => Self::InvalidRequest(parameter("field")),
            "invalid-credentials" => Self::InvalidCredentials,
            "expired-token" => Self::ExpiredToken,
            "used-token" => Self::UsedToken,
            "invalid-token" => match parameter("attempts_left").parse() {
                // At most 10 codes may be tried: a larger number is not ours.
                Ok(left @ 0..10) => Self::WrongCode(left),
                _ => Self::InvalidToken,
            },
            "weak-password" => Self::WeakPassword(parameter("reason")),
            "too-many-attempts" => {
                Self::TooManyAttempts(parameter("retry_after").parse().unwrap_or_default())
            }
            "not-found" => Self::NotFound,
            "unavailable" => Self::Unavailable,
            _ => Self::Unknown,
        })
    }
}

/// Returns true for the name of a field that needs no escaping in a query.
fn is_plain(field: &str) -> bool {
    !field.is_empty()
        && field
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_')
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
            FormError::InvalidRequest(""),
            FormError::InvalidRequest("email"),
            FormError::InvalidCredentials,
            FormError::InvalidToken,
            FormError::ExpiredToken,
            FormError::UsedToken,
            FormError::WrongCode(0),
            FormError::WrongCode(4),
            FormError::WeakPassword("too-short"),
            FormError::TooManyAttempts(37),
            FormError::NotFound,
            FormError::Unavailable,
        ] {
            assert_eq!(read(error.to_query().leak()), Some(error));
        }
        assert_eq!(read("field=email"), None);
        assert_eq!(read("error=other"), Some(FormError::Unknown));
    }
}
