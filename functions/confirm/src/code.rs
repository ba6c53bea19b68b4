//! Confirming with an emailed code.

use crate::Confirmation;
use shared::domain::code::Code;
use shared::domain::session::{AuthMethod, Session};
use shared::http::Problem;
use shared::http::problem::ProblemType;
use shared::store::links::StoredLink;

impl Confirmation<'_> {
    /// Consumes the link that `code` belongs to. It must be for the address of the session's user.
    pub(crate) async fn by_code(&self, code: &str) -> Result<Session, Problem> {
        let context = &self.context;
        let code = Code::parse(code)?;
        if context.ring.is_stale() {
            return Err(Problem::unavailable());
        }
        let requested = context.requested_links(self.input.request.as_deref())?;
        if requested.is_empty() {
            return Err(Problem::invalid_token());
        }
        let marks = context.known_browsers(self.input.known.as_deref())?;
        let is_fresh = |stored: &StoredLink| stored.has_fresh_code(context.now);
        let matching = context.matching_link(&requested, &marks, &code, is_fresh);
        let (matching, attempts) = matching.await?;
        let (session, event) = self.confirmed(AuthMethod::Code);
        let error = match matching {
            None => Problem::invalid_token(),
            Some(signed) => {
                let store = &context.app.store;
                let confirmed = store.confirm_by_link(&session, &signed.content, &event);
                match confirmed.await {
                    Ok(()) => return Ok(session),
                    Err(error) => error.into(),
                }
            }
        };
        if matches!(
            error.kind,
            ProblemType::UsedToken | ProblemType::Unavailable
        ) {
            return Err(error);
        }
        context.wrong_code(&attempts).await?;
        Err(error.uniform(attempts.left))
    }
}
