//! A user's sessions, to herself (promise 6).

use crate::domain::audit::AuditEvent;
use crate::domain::ids::UserId;
use crate::domain::session::Session;
use crate::store::audit;
use crate::store::item::n;
use crate::store::sessions::session_item;
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::users::user_item;
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::types::Update;

impl Store {
    /// All sessions of a user that are in the table, also those that are over.
    ///
    /// Costs 1 consistent query for each megabyte: some 3,000 sessions.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn list_sessions(&self, user: &UserId) -> Result<Vec<Session>, Unavailable> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let query = self
                .client
                .query()
                .table_name(&self.tables.sessions)
                .consistent_read(true)
                .key_condition_expression("pk = :user")
                .expression_attribute_values(":user", crate::store::item::s(user.as_str()))
                .set_exclusive_start_key(start);
            let page = query
                .send()
                .await
                .map_err(|error| Unavailable::because("list_sessions", &error))?;
            found.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        let sessions: Option<_> = found.iter().map(session_item::from_item).collect();
        sessions.ok_or_else(|| Unavailable::unreadable("sessions"))
    }

    /// Ends all sessions of the user but `current`, however many there are: the epoch moves, and
    /// this one moves with it. `false` when it has ended meanwhile, or the epoch has moved.
    ///
    /// Costs 1 transaction of 2 updates and 1 put.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn revoke_other_sessions(
        &self,
        current: &Session,
        event: &AuditEvent,
    ) -> Result<bool, Unavailable> {
        let next = current.epoch.next();
        #[expect(clippy::expect_used, reason = "every required field is set")]
        let kept = Update::builder()
            .table_name(&self.tables.sessions)
            .set_key(Some(session_item::key(&current.user, &current.hash)))
            .update_expression("SET epoch = :next")
            .condition_expression("attribute_exists(pk) AND epoch = :epoch")
            .expression_attribute_values(":epoch", n(current.epoch.get()))
            .expression_attribute_values(":next", n(next.get()))
            .build()
            .expect("a whole update");
        let writes = Transaction::new()
            .update(
                (),
                user_item::move_epoch(&self.tables.users, &current.user, current.epoch),
            )
            .update((), kept)
            .put(
                (),
                audit::put(event, &self.tables.audit, self.random.bytes()),
            );
        match writes.commit(self, "revoke_other_sessions").await {
            Ok(()) => Ok(true),
            Err(TransactionError::Conditions(_)) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }
}
