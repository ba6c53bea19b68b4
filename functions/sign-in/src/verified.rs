//! Issues a session for a verified password.

use shared::auth::issue_session::{COUNT_ATTEMPTS, IssuedSession, SignInContext};
use shared::domain::audit::Action;
use shared::domain::known_browser::KnownBrowser;
use shared::domain::link::IdempotencyKey;
use shared::domain::password::hash::PasswordHash;
use shared::domain::session::{AuthMethod, SessionId};
use shared::domain::time::Timestamp;
use shared::domain::user::User;
use shared::http::Problem;
use shared::store::sign_in::{CompleteOutcome, PasswordSignIn};

/// The password of `user`, which matched the `stored` hash.
pub(crate) struct VerifiedPassword<'a> {
    pub(crate) user: &'a User,
    /// The marks that make this client a known browser.
    pub(crate) marks: &'a [KnownBrowser],
    pub(crate) stored: &'a PasswordHash,
    /// The hash to store: the same one, or one with the current parameters.
    pub(crate) new: PasswordHash,
}

impl VerifiedPassword<'_> {
    /// Issues a session, or returns the one that the same `key` has issued within the replay
    /// window: of two clicks on a button, the browser keeps the response to the second.
    pub(crate) async fn issue_session(
        &self,
        context: &SignInContext<'_>,
        key: Option<&IdempotencyKey>,
    ) -> Result<IssuedSession, Problem> {
        let id = self.session_id(context, key, context.now);
        let earlier = match self.complete(context, id, key).await? {
            Completion::Issued(issued) => return Ok(issued),
            Completion::RepeatOf(earlier) => self.session_id(context, key, earlier),
        };
        let store = &context.app.store;
        let session = store
            .find_session(&self.user.id, &earlier.hash(), context.now)
            .await?;
        if let Some((user, session)) = session {
            return Ok(IssuedSession {
                session,
                id: earlier,
                address: user.address,
            });
        }
        // The session has ended already: this is another sign-in.
        let id = self.session_id(context, None, context.now);
        match self.complete(context, id, None).await? {
            Completion::Issued(issued) => Ok(issued),
            Completion::RepeatOf(_) => Err(Problem::unavailable()),
        }
    }

    /// Returns the id of the session that `key` issues at `at`, or a random one.
    fn session_id(
        &self,
        context: &SignInContext<'_>,
        key: Option<&IdempotencyKey>,
        at: Timestamp,
    ) -> SessionId {
        let Some(key) = key else {
            return SessionId::new(context.app.random.bytes());
        };
        let at = at.millis().to_string();
        let parts = ["session", self.user.id.as_str(), key.expose(), &at];
        SessionId::new(*context.ring.keyed_hash(&parts).as_bytes())
    }

    /// Stores the session `id`, if the user's hash is still the verified one. A reset, a suspension
    /// or a new address that was stored in the meantime wins.
    async fn complete(
        &self,
        context: &SignInContext<'_>,
        id: SessionId,
        key: Option<&IdempotencyKey>,
    ) -> Result<Completion, Problem> {
        let user = self.user;
        let session = context.new_session(&id, &user.id, user.epoch, AuthMethod::Password);
        let mut signed_in_before = user.last_sign_in_at.is_some();
        for _ in 0..COUNT_ATTEMPTS {
            let new_browser =
                context.new_browser(&session, &user.address, self.marks, signed_in_before);
            let ends = &context.sessions_to_end(&session).await?;
            let sign_in = PasswordSignIn {
                user,
                verified: self.stored,
                password: &self.new,
                session: &session,
                ends,
                new_browser: new_browser.as_ref(),
                events: &context.login_events(Action::Login, &session, ends),
                idempotency_key: key.map(IdempotencyKey::hash),
            };
            let address = user.address.clone();
            return match context.app.store.complete_sign_in(&sign_in).await? {
                CompleteOutcome::Completed => Ok(Completion::Issued(IssuedSession::just_stored(
                    session, id, address,
                ))),
                CompleteOutcome::Repeated(at) => Ok(Completion::RepeatOf(at)),
                CompleteOutcome::Refused => Err(Problem::invalid_credentials()),
                CompleteOutcome::Outpaced {
                    signed_in_before: found,
                } => {
                    signed_in_before = found;
                    continue;
                }
            };
        }
        Err(Problem::unavailable())
    }
}

/// The end of an attempt to store a session.
enum Completion {
    Issued(IssuedSession),
    /// The same form has signed in at this time.
    RepeatOf(Timestamp),
}
