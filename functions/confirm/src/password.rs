//! Confirming with the user's password.

use crate::Confirmation;
use shared::auth::password_attempt::parse_password;
use shared::domain::password::hash::PasswordCheck;
use shared::domain::session::{AuthMethod, Session};
use shared::http::Problem;

impl Confirmation<'_> {
    pub(crate) async fn by_password(&self, password: &str) -> Result<Session, Problem> {
        let context = &self.context;
        let app = context.app;
        app.passwords.require_enabled()?;
        let password = parse_password("password", password)?;
        let address = &self.user.address;
        let limits = context.password_limits(address, self.input.known.as_deref())?;
        let attempt = app
            .store
            .begin_confirmation(&self.user.id, &limits, context.now)
            .await?;
        let check = app.passwords.verify(&password, attempt.password());
        let stored = match (attempt.password(), check) {
            (None, _) | (_, PasswordCheck::NoMatch) => {
                return Err(context.wrong_password(address).await);
            }
            (Some(stored), PasswordCheck::Match | PasswordCheck::MatchNeedsRehash) => stored,
        };
        let (session, event) = self.confirmed(AuthMethod::Password);
        let (confirmed, ()) = tokio::join!(
            app.store.confirm_by_password(&session, stored, &event),
            app.store
                .forget_password_attempt(&attempt, &limits, context.now),
        );
        if confirmed? {
            Ok(session)
        } else {
            // A concurrent change won. The next request meets the session as it is then.
            Err(Problem::unavailable())
        }
    }
}
