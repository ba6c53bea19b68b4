//! Ending a session (promise 6).

use super::items::{audit, n, sessions};
use super::transaction::{Refusal, Transaction};
use super::{Store, Unavailable};
use crate::domain::audit::Event;
use crate::domain::ids::{SessionHash, UserId};
use aws_sdk_dynamodb::types::Delete;

impl Store {
    /// Ends the session of `user` and writes `event`; `false` where there is none that is still
    /// running: then nothing is written.
    ///
    /// Costs 1 transaction of 1 delete and 1 put.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn end(
        &self,
        user: &UserId,
        session: &SessionHash,
        event: &Event,
    ) -> Result<bool, Unavailable> {
        #[expect(clippy::expect_used, reason = "every required field is set")]
        let delete = Delete::builder()
            .table_name(&self.tables.sessions)
            .set_key(Some(sessions::key(user, session)))
            .condition_expression("attribute_exists(pk) AND expires_at > :now")
            .expression_attribute_values(":now", n(event.at.secs()))
            .build()
            .expect("a whole delete");
        let writes = Transaction::new().delete((), delete).put(
            (),
            audit::put(event, &self.tables.audit, self.random.bytes()),
        );
        match writes.commit(self, "end").await {
            Ok(()) => Ok(true),
            Err(Refusal::Conditions(_)) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }
}
