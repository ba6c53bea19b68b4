//! Answers, as far as the oracle tells them apart.

use std::fmt;
use tests::Answer;

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Good,
    InvalidToken,
    ExpiredToken,
    UsedToken,
    NotSignedIn,
    TooMany,
    Taken,
    Unavailable,
    /// What no step ever expects.
    Odd(String),
}

impl Outcome {
    /// Of an answer to a program, or to a form: there, problems are in the query of the page it
    /// leads to.
    pub(super) fn of(answer: &Answer) -> Self {
        let said = match answer.status.as_u16() {
            200 | 201 => return Self::Good,
            303 => {
                let location = answer.location();
                let Some((_, error)) = location.split_once("?error=") else {
                    return Self::Good;
                };
                let error = error.split("&next=").next().unwrap_or_default();
                error.replace('_', "-").replace("invalid-token&reason=", "")
            }
            _ => answer.problem(),
        };
        match (answer.status.as_u16(), said.as_str()) {
            (303, "invalid") | (400, "invalid-token") => Self::InvalidToken,
            (303, "expired") | (410, "expired-token") => Self::ExpiredToken,
            (303, "used") | (410, "used-token") => Self::UsedToken,
            (401, "not-authenticated") => Self::NotSignedIn,
            (303 | 429, "too-many-attempts") => Self::TooMany,
            (409, "already-exists") => Self::Taken,
            (303 | 503, "unavailable") => Self::Unavailable,
            (status, _) => Self::Odd(format!("{status} {} {}", answer.location(), answer.body)),
        }
    }

    /// For the histogram.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::InvalidToken => "invalid-token",
            Self::ExpiredToken => "expired-token",
            Self::UsedToken => "used-token",
            Self::NotSignedIn => "not-authenticated",
            Self::TooMany => "too-many-attempts",
            Self::Taken => "already-exists",
            Self::Unavailable => "unavailable",
            Self::Odd(_) => "odd",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Odd(what) => f.write_str(what),
            known => f.write_str(known.name()),
        }
    }
}
