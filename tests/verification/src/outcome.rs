//! The outcomes of responses, as far as oracles distinguish them.

use kit::ApiResponse;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    InvalidRequest,
    InvalidToken,
    ExpiredToken,
    UsedToken,
    NotAuthenticated,
    TooManyAttempts,
    AlreadyExists,
    Unavailable,
    /// An outcome that no step ever expects.
    Unexpected,
}

/// The problems with their statuses in JSON responses and their errors in redirects of forms.
const PROBLEMS: [(Outcome, u16, &str, &str); 8] = [
    (
        Outcome::InvalidRequest,
        400,
        "invalid-request",
        "invalid_request",
    ),
    (Outcome::InvalidToken, 400, "invalid-token", "invalid"),
    (Outcome::ExpiredToken, 410, "expired-token", "expired"),
    (Outcome::UsedToken, 410, "used-token", "used"),
    (Outcome::NotAuthenticated, 401, "not-authenticated", ""),
    (
        Outcome::TooManyAttempts,
        429,
        "too-many-attempts",
        "too_many_attempts",
    ),
    (Outcome::AlreadyExists, 409, "already-exists", ""),
    (Outcome::Unavailable, 503, "unavailable", "unavailable"),
];

impl Outcome {
    /// Returns the outcome of a response to a program or to a form.
    ///
    /// A form is redirected, with the problem in the query.
    pub(crate) fn of(response: &ApiResponse) -> Self {
        let location = response.location();
        let error = location.split_once("?error=").map(|(_, error)| error);
        let problem = match (response.status, error) {
            (200 | 201, _) | (303, None) => return Self::Ok,
            (303, Some(error)) => {
                let error = error.split("&next=").next().unwrap_or_default();
                let error = error.split("&attempts_left=").next().unwrap_or_default();
                let error = error.strip_prefix("invalid_token&reason=").unwrap_or(error);
                PROBLEMS.iter().find(|(.., name)| *name == error)
            }
            (status, _) => {
                let problem = response.problem();
                PROBLEMS
                    .iter()
                    .find(|(_, code, name, _)| *code == status && *name == problem)
            }
        };
        problem.map_or(Self::Unexpected, |(outcome, ..)| *outcome)
    }
}
