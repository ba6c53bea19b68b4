//! Lists the sessions of a user (promise 6).

use crate::domain::ids::UserId;
use crate::domain::session::Session;
use crate::store::sessions::session_item;
use crate::store::{Store, Unavailable};

impl Store {
    /// Returns all sessions of a user that are in the table, including those that are not live.
    ///
    /// Costs 1 strongly consistent query for each megabyte, which holds some 3,000 sessions.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a row cannot be read.
    pub async fn list_sessions(&self, user: &UserId) -> Result<Vec<Session>, Unavailable> {
        let query = Self::query_partition(&self.tables.sessions, user.as_str());
        let items = self.all_items("list_sessions", query).await?;
        let sessions: Option<_> = items.iter().map(session_item::from_item).collect();
        sessions.ok_or_else(|| Unavailable::unreadable("sessions"))
    }
}
