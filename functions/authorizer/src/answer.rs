//! The answers that API Gateway understands.

use crate::event::Event;
use serde_json::{Value, json};
use shared::auth::authenticate::Authenticated;
use shared::domain::time::Timestamp;
use shared::http::Problem;
use shared::http::problem::ProblemType;

/// The message that API Gateway turns into a 401, in exactly this spelling.
const UNAUTHORIZED: &str = "Unauthorized";

/// The answer to a request.
pub(crate) enum Answer {
    /// The caller is signed in. Holds the user's id and the context for the API.
    Granted { user: String, context: Value },
    /// 401: the request has no live session.
    Unauthorized,
    /// 403: a foreign page sent the cookie.
    Forbidden,
    /// 500: the store or the key ring cannot be reached.
    Unavailable,
}

impl Answer {
    pub(crate) fn new(decision: Result<Authenticated, Problem>, now: Timestamp) -> Self {
        match decision {
            Ok(authenticated) => Self::Granted {
                user: authenticated.user.id.as_str().to_owned(),
                context: context(&authenticated, now),
            },
            Err(problem) => match problem.kind {
                ProblemType::Unavailable => Self::Unavailable,
                ProblemType::OriginNotAllowed => Self::Forbidden,
                _ => Self::Unauthorized,
            },
        }
    }

    /// Returns the answer in the form that the sender of `event` reads.
    ///
    /// # Errors
    /// The message of a failed invocation.
    pub(crate) fn for_gateway(self, event: &Event) -> Result<Value, &'static str> {
        match (self, event.method_arn()) {
            (Self::Unavailable, _) => Err("Unavailable"),
            (Self::Granted { context, .. }, _) if event.is_simple() => {
                Ok(json!({ "isAuthorized": true, "context": context }))
            }
            (Self::Forbidden, _) if event.is_simple() => Ok(json!({ "isAuthorized": false })),
            (Self::Granted { user, context }, Some(arn)) => Ok(json!({
                "principalId": user,
                "policyDocument": policy("Allow", arn),
                "context": context,
            })),
            (Self::Forbidden, Some(arn)) => Ok(json!({
                "principalId": "anonymous",
                "policyDocument": policy("Deny", arn),
            })),
            _ if event.is_http_api() => Ok(json!({ "errorMessage": UNAUTHORIZED })),
            _ => Err(UNAUTHORIZED),
        }
    }
}

fn policy(effect: &str, arn: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Action": "execute-api:Invoke", "Effect": effect, "Resource": arn }],
    })
}

/// Returns the values that reach the API: text and numbers only, as a REST API takes no others.
fn context(authenticated: &Authenticated, now: Timestamp) -> Value {
    let (user, session) = (&authenticated.user, &authenticated.session);
    json!({
        "user_id": user.id.as_str(),
        "email": user.address.as_str(),
        "role": user.role,
        "resources": json!(user.resources).to_string(),
        "session_id": session.hash.to_string(),
        "auth_time": session.auth_time.secs(),
        "session_age": now.since(session.created_at).as_secs(),
        "amr": session.auth_method.amr(),
    })
}
