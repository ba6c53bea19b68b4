//! Finds a session together with its user (promise 6).

use crate::domain::ids::{SessionHash, UserId};
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::store::sessions::session_item;
use crate::store::users::user_item;
use crate::store::{Store, Unavailable};

impl Store {
    /// Returns the user and the session if the session is live at `now`.
    ///
    /// Costs 1 strongly consistent batch of 2 reads.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a row cannot be read.
    pub async fn find_session(
        &self,
        user: &UserId,
        session: &SessionHash,
        now: Timestamp,
    ) -> Result<Option<(User, Session)>, Unavailable> {
        let keys = [
            (&self.tables.users, vec![user_item::user_key(user)]),
            (
                &self.tables.sessions,
                vec![session_item::key(user, session)],
            ),
        ];
        let [users, sessions] = self.read_items("find_session", keys).await?;
        let (Some(user), Some(session)) = (users.first(), sessions.first()) else {
            return Ok(None);
        };
        let Some(user) = user_item::read(user)? else {
            return Ok(None);
        };
        let session =
            session_item::from_item(session).ok_or_else(|| Unavailable::unreadable("sessions"))?;
        Ok(session.is_live(&user, now).then_some((user, session)))
    }
}
