//! Counts the sessions of a user who signs in (promise 6).

use crate::domain::session::{EndedSessions, Session, SessionKey, SessionRules};
use crate::store::users::user_item;
use crate::store::{Store, Unavailable};

/// The maximum number of sessions that one sign-in ends: a transaction has at most 100 writes.
const MAX_ENDED: usize = 80;

impl Store {
    /// Returns the sessions that `new` ends: `replaced`, and the oldest ones of its user over
    /// `per_user`. A sign-in that overtakes this one makes its transaction fail.
    ///
    /// Costs nothing without a limit, else 1 strongly consistent read, then 1 strongly consistent
    /// query.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a row cannot be read.
    pub async fn sessions_to_end(
        &self,
        new: &Session,
        replaced: Option<SessionKey>,
        rules: &SessionRules,
    ) -> Result<EndedSessions, Unavailable> {
        let Some(limit) = rules.per_user else {
            return Ok(EndedSessions {
                replaced,
                ..EndedSessions::default()
            });
        };
        let keys = [(&self.tables.users, vec![user_item::user_key(&new.user)])];
        let [rows] = self.read_items("sessions_to_end", keys).await?;
        let sign_ins = rows.first().map_or(0, user_item::sign_ins);
        let mut sessions = self.list_sessions(&new.user).await?;
        if let Some(row) = rows.first()
            && let Some(user) = user_item::read(row)?
        {
            let now = new.created_at;
            let is_live =
                |session: &Session| session.is_live(&user, now) && !rules.is_idle(session, now);
            sessions.retain(is_live);
        }
        let key = |session: Session| SessionKey {
            user: session.user,
            hash: session.hash,
        };
        sessions.sort_by_key(|session| std::cmp::Reverse(session.created_at));
        let keys = sessions.into_iter().map(key);
        // A repeated redemption finds the session that it has issued.
        let others = keys.filter(|key| Some(key) != replaced.as_ref() && key.hash != new.hash);
        Ok(EndedSessions {
            oldest: others.skip(limit - 1).take(MAX_ENDED).collect(),
            sign_ins: Some(sign_ins),
            replaced,
        })
    }
}
