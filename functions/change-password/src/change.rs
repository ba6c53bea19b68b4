//! One attempt to change a password.

use shared::auth::issue_session::SignInContext;
use shared::domain::address::EmailAddress;
use shared::domain::audit::{Action, AuditEvent, Target};
use shared::domain::email::{Notice, OutboxEntry};
use shared::domain::ids::IdempotencyKeyHash;
use shared::domain::password::Password;
use shared::domain::password::hash::{PasswordCheck, PasswordHash};
use shared::domain::session::{AuthMethod, Session};
use shared::http::Problem;
use shared::store::sign_in::{PasswordAttempt, PasswordChange};

/// A user who is signed in and changes their password.
pub(crate) struct Change<'a> {
    pub(crate) context: SignInContext<'a>,
    pub(crate) session: &'a Session,
    pub(crate) address: &'a EmailAddress,
    pub(crate) current: &'a Password,
    /// The new password, which meets the rules.
    pub(crate) password: &'a Password,
    pub(crate) idempotency_key: Option<IdempotencyKeyHash>,
    /// The mark of a bearer client.
    pub(crate) known: Option<&'a str>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Outcome {
    /// The password is the new one, by this attempt or by the one that it repeats.
    Changed,
    /// A concurrent change of the user or of the session came first. Nothing was written.
    Outpaced,
}

impl Change<'_> {
    pub(crate) async fn apply(&self) -> Result<Outcome, Problem> {
        let context = &self.context;
        let store = &context.app.store;
        let limits = context.password_limits(self.address, self.known)?;
        let attempt = store
            .begin_confirmation(&self.session.user, &limits, context.now)
            .await?;
        let verified = if self.is_repeat(&attempt) {
            None
        } else {
            Some(self.verified(&attempt).await?)
        };
        let change = async {
            match verified {
                None => Ok(Outcome::Changed),
                Some(verified) => self.change(verified).await,
            }
        };
        let (changed, ()) = tokio::join!(
            change,
            store.forget_password_attempt(&attempt, &limits, context.now),
        );
        changed
    }

    /// Returns whether the same key has just set this password.
    fn is_repeat(&self, attempt: &PasswordAttempt) -> bool {
        let key = self.idempotency_key.as_ref();
        key.is_some_and(|key| attempt.may_repeat_change(key, self.context.now))
            && self.matches(self.password, attempt.password())
    }

    fn matches(&self, password: &Password, stored: Option<&PasswordHash>) -> bool {
        let check = self.context.app.passwords.verify(password, stored);
        stored.is_some() && check != PasswordCheck::NoMatch
    }

    /// Returns the stored hash if the current password belongs to it.
    async fn verified<'p>(
        &self,
        attempt: &'p PasswordAttempt,
    ) -> Result<&'p PasswordHash, Problem> {
        let stored = attempt.password();
        let is_right = self.matches(self.current, stored);
        match stored.filter(|_| is_right) {
            Some(stored) => Ok(stored),
            None => Err(self.context.wrong_password(self.address).await),
        }
    }

    async fn change(&self, verified: &PasswordHash) -> Result<Outcome, Problem> {
        let app = self.context.app;
        let session = Session {
            auth_time: self.context.now,
            auth_method: AuthMethod::Password,
            ..self.session.clone()
        };
        let password = app.passwords.hash(self.password, app.random.bytes());
        let notice = self.notice();
        let change = PasswordChange {
            session: &session,
            verified,
            password: &password,
            notice: notice.as_ref(),
            event: &self.event(),
            idempotency_key: self.idempotency_key,
        };
        Ok(if app.store.change_password(&change).await? {
            Outcome::Changed
        } else {
            Outcome::Outpaced
        })
    }

    fn notice(&self) -> Option<OutboxEntry> {
        let context = &self.context;
        let app = context.app;
        let user = (&self.session.user, self.session.epoch.next());
        let kind = Notice::PasswordChanged;
        let notice = app.notice(&context.ring, kind, user, self.address, context.now)?;
        Some(OutboxEntry {
            client: context.request.client(),
            language: context.request.language(app.config.language),
            ..notice
        })
    }

    fn event(&self) -> AuditEvent {
        let context = &self.context;
        let event = context.app.audit_event(
            Action::PasswordChanged,
            &self.session.user,
            Target::Session(self.session.hash),
            &context.request.client(),
            context.now,
        );
        event.with_epoch(self.session.epoch.next())
    }
}
