//! Erases the sessions of a user.

use crate::domain::ids::{SessionHash, UserId};
use crate::store::item::{Item, text};
use crate::store::sessions::session_item;
use crate::store::write::BATCH;
use crate::store::{Store, Unavailable};

impl Store {
    /// Erases a page of a user's sessions. Returns `false` if there was none left.
    ///
    /// Costs 1 query and 1 batch of at most 25 deletes.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn erase_sessions(&self, user: &UserId) -> Result<bool, Unavailable> {
        let query = Self::query_partition(&self.tables.sessions, user.as_str());
        let items = self.last_items("erase_sessions", query, BATCH).await?;
        let hash = |item: &Item| SessionHash::parse(text(item, "sk")?);
        let hashes = items.iter().filter_map(hash);
        let keys = hashes.map(|hash| session_item::key(user, &hash)).collect();
        self.delete_items("erase_sessions", &self.tables.sessions, keys)
            .await
    }
}
