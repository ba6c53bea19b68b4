//! Looking who is signed in (promise 6).

use crate::domain::ids::{SessionHash, UserId};
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::store::item::Item;
use crate::store::sessions::session_item;
use crate::store::users::user_item;
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemError;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use std::collections::HashMap;

/// How often what a batch left out is asked for again.
const GOES: usize = 3;

impl Store {
    /// The user and the session, if this session signs this user in at `now`.
    ///
    /// Costs 1 strongly consistent batch of 2 reads.
    ///
    /// # Errors
    /// [`Unavailable`].
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
        let found = self.read_together("find_session", keys).await?;
        let first = |table: &String| found.get(table).and_then(|items| items.first());
        let (Some(user), Some(session)) = (first(&self.tables.users), first(&self.tables.sessions))
        else {
            return Ok(None);
        };
        let user = user_item::from_item(user).ok_or_else(|| Unavailable::unreadable("users"))?;
        let session =
            session_item::from_item(session).ok_or_else(|| Unavailable::unreadable("sessions"))?;
        Ok(session.is_live(&user, now).then_some((user, session)))
    }

    /// Notes that the session was used; `false` when it has ended meanwhile. Never brings an ended
    /// session back.
    ///
    /// Costs 1 update.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn touch_session(
        &self,
        session: &Session,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.sessions)
            .set_key(Some(session_item::key(&session.user, &session.hash)))
            .update_expression("SET last_seen_at = :now")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":now", crate::store::item::n(now.millis()));
        self.update("touch_session", update).await
    }

    /// Reads several items in one strongly consistent round trip, by table. What is not there, is
    /// left out.
    pub(in crate::store) async fn read_together<const N: usize>(
        &self,
        act: &'static str,
        keys: [(&String, Vec<Item>); N],
    ) -> Result<HashMap<String, Vec<Item>>, Unavailable> {
        let asked = |keys| {
            #[expect(clippy::expect_used, reason = "every required field is set")]
            KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .expect("whole keys")
        };
        let mut missing: HashMap<_, _> = keys
            .map(|(table, keys)| (table.clone(), asked(keys)))
            .into();
        let mut found: HashMap<String, Vec<Item>> = HashMap::new();
        for _ in 0..GOES {
            let batch = self
                .client
                .batch_get_item()
                .set_request_items(Some(missing))
                .send()
                .await;
            let batch = batch
                .map_err(|error: SdkError<BatchGetItemError>| Unavailable::because(act, &error))?;
            for (table, items) in batch.responses.unwrap_or_default() {
                found.entry(table).or_default().extend(items);
            }
            missing = batch.unprocessed_keys.unwrap_or_default();
            if missing.is_empty() {
                return Ok(found);
            }
        }
        tracing::error!(act, "DynamoDB left keys unprocessed");
        Err(Unavailable)
    }
}
