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
    InvalidCredentials,
    NotFound,
    WeakPassword,
    TooManyAttempts,
    AlreadyExists,
    Unavailable,
    /// An outcome that no step ever expects.
    Unexpected,
}

/// The problems with their statuses in JSON responses.
const PROBLEMS: [(Outcome, u16, &str); 11] = [
    (Outcome::InvalidRequest, 400, "invalid-request"),
    (Outcome::InvalidToken, 400, "invalid-token"),
    (Outcome::ExpiredToken, 410, "expired-token"),
    (Outcome::UsedToken, 410, "used-token"),
    (Outcome::NotAuthenticated, 401, "not-authenticated"),
    (Outcome::InvalidCredentials, 401, "invalid-credentials"),
    (Outcome::NotFound, 404, "not-found"),
    (Outcome::WeakPassword, 422, "weak-password"),
    (Outcome::TooManyAttempts, 429, "too-many-attempts"),
    (Outcome::AlreadyExists, 409, "already-exists"),
    (Outcome::Unavailable, 503, "unavailable"),
];

impl Outcome {
    /// Returns the outcome of a response to a program or to a form.
    ///
    /// A form is redirected, with the problem in the query.
    pub(crate) fn of(response: &ApiResponse) -> Self {
        let error = query(response, "error");
        let problem = match (response.status, error) {
            (200 | 201, _) | (303, None) => return Self::Ok,
            (303, Some(error)) => PROBLEMS.iter().find(|(_, _, name)| *name == error),
            (status, _) => {
                let problem = response.problem();
                PROBLEMS
                    .iter()
                    .find(|(_, code, name)| *code == status && *name == problem)
            }
        };
        problem.map_or(Self::Unexpected, |(outcome, ..)| *outcome)
    }
}

/// Returns a number that a problem carries, in the body or in the query of a redirect.
pub(crate) fn detail(response: &ApiResponse, name: &str) -> Option<u64> {
    let in_query = query(response, name).and_then(|value| value.parse().ok());
    response.json()[name].as_u64().or(in_query)
}

/// Returns a parameter of the URL that a response redirects to.
fn query(response: &ApiResponse, name: &str) -> Option<String> {
    let location = response.location();
    let (_, query) = location.split_once('?')?;
    let mut parameters = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = parameters.find(|(found, _)| *found == name)?;
    Some(value.to_owned())
}
