//! A user's sessions, to herself (promise 6).

use super::items::{audit, n, sessions, users};
use super::transaction::{Refusal, Transaction};
use super::{Store, Unavailable};
use crate::domain::audit::Event;
use crate::domain::ids::UserId;
use crate::domain::session::Session;
use crate::domain::user::Epoch;
use aws_sdk_dynamodb::types::Update;

impl Store {
    /// All sessions of a user that are in the table, also those that are over.
    ///
    /// Costs 1 consistent query for each megabyte: some 3,000 sessions.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn sessions(&self, user: &UserId) -> Result<Vec<Session>, Unavailable> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let query = self
                .client
                .query()
                .table_name(&self.tables.sessions)
                .consistent_read(true)
                .key_condition_expression("pk = :user")
                .expression_attribute_values(":user", super::items::s(user.as_str()))
                .set_exclusive_start_key(start);
            let page = query
                .send()
                .await
                .map_err(|error| Unavailable::because("sessions", &error))?;
            found.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        let sessions: Option<_> = found.iter().map(sessions::from_item).collect();
        sessions.ok_or_else(|| Unavailable::unreadable("sessions"))
    }

    /// Ends all sessions of the user but `current`, however many there are: the epoch moves, and
    /// this one moves with it. `false` when it has ended meanwhile, or the epoch has moved.
    ///
    /// Costs 1 transaction of 2 updates and 1 put.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn end_others(&self, current: &Session, event: &Event) -> Result<bool, Unavailable> {
        let next = Epoch(current.epoch.0 + 1);
        #[expect(clippy::expect_used, reason = "every required field is set")]
        let kept = Update::builder()
            .table_name(&self.tables.sessions)
            .set_key(Some(sessions::key(&current.user, &current.hash)))
            .update_expression("SET epoch = :next")
            .condition_expression("attribute_exists(pk) AND epoch = :epoch")
            .expression_attribute_values(":epoch", n(current.epoch.0))
            .expression_attribute_values(":next", n(next.0))
            .build()
            .expect("a whole update");
        let writes = Transaction::new()
            .update(
                (),
                users::move_epoch(&self.tables.users, &current.user, current.epoch),
            )
            .update((), kept)
            .put(
                (),
                audit::put(event, &self.tables.audit, self.random.bytes()),
            );
        match writes.commit(self, "end_others").await {
            Ok(()) => Ok(true),
            Err(Refusal::Conditions(_)) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }
}
