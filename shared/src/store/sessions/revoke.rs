//! Ending a session (promise 6).

use crate::domain::audit::AuditEvent;
use crate::domain::ids::{SessionHash, UserId};
use crate::store::audit;
use crate::store::item::n;
use crate::store::sessions::session_item;
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::types::Delete;

impl Store {
    /// Ends the session of `user` and writes `event`; `false` where there is none that is still
    /// running: then nothing is written.
    ///
    /// Costs 1 transaction of 1 delete and 1 put.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn revoke_session(
        &self,
        user: &UserId,
        session: &SessionHash,
        event: &AuditEvent,
    ) -> Result<bool, Unavailable> {
        #[expect(clippy::expect_used, reason = "every required field is set")]
        let delete = Delete::builder()
            .table_name(&self.tables.sessions)
            .set_key(Some(session_item::key(user, session)))
            .condition_expression("attribute_exists(pk) AND expires_at > :now")
            .expression_attribute_values(":now", n(event.at.secs()))
            .build()
            .expect("a whole delete");
        let writes = Transaction::new().delete((), delete).put(
            (),
            audit::put(event, &self.tables.audit, self.random.bytes()),
        );
        match writes.commit(self, "revoke_session").await {
            Ok(()) => Ok(true),
            Err(TransactionError::Conditions(_)) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }
}
