//! Records the use of a session (promise 6).

use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::store::item::n;
use crate::store::{Store, Unavailable};

impl Store {
    /// Sets `last_seen_at` to `now`. Returns `false` if the session has been deleted meanwhile: it
    /// is never written again.
    ///
    /// Costs 1 update.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn touch_session(
        &self,
        session: &Session,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        let last_seen = self
            .session_row(&session.user, &session.hash)
            .set("last_seen_at = :now")
            .when("attribute_exists(pk)")
            .values([(":now", n(now.millis()))]);
        self.update("touch_session", last_seen).await
    }
}
