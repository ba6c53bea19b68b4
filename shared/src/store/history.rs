//! Users as administrators see them: the list, and what has happened to one.

use super::{Store, Unavailable};
use crate::domain::address::EmailAddress;
use crate::domain::audit::{AuditRecord, Subject};
use crate::domain::email::DeliveryRecord;
use crate::domain::ids::{KeyedHash, RecordId, SessionHash, UserId};
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::store::audit;
use crate::store::item::{Item, s};
use crate::store::outbox::outbox_item;
use crate::store::users::user_item;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use std::collections::HashMap;
use std::time::Duration;

/// How many items one batch of deletes takes.
const BATCH: usize = 25;

/// A part of the list of users.
pub struct UserPage {
    /// In the order of their addresses.
    pub users: Vec<User>,
    /// Whether there are others after them.
    pub more: bool,
}

/// EventFilter records of a history.
#[derive(Clone, Copy, Debug)]
pub enum EventFilter<'a> {
    /// Those of this action, as it is stored.
    Action(&'a str),
    /// Those that know this.
    Metadata(&'a str),
}

impl Store {
    /// Up to `most` users whose addresses begin with `prefix`, in the order of their addresses,
    /// after the user who has the address `after`, which must begin with `prefix` as well. Fewer
    /// where they would be more than a megabyte.
    ///
    /// Costs 1 query of the index by address, which may be a moment behind.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn list_users(
        &self,
        prefix: &str,
        after: Option<(&UserId, &EmailAddress)>,
        most: u8,
    ) -> Result<UserPage, Unavailable> {
        let start = after.map(|(id, address)| {
            let mut key = user_item::user_key(id);
            key.insert("listed".to_owned(), s("user"));
            key.insert("address".to_owned(), s(address.as_str()));
            key
        });
        let condition = if prefix.is_empty() {
            "listed = :user"
        } else {
            "listed = :user AND begins_with(address, :prefix)"
        };
        let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
        let values = [(":user", Some("user")), (":prefix", prefix)];
        let values: HashMap<_, _> = values
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), s(value?))))
            .collect();
        let query = self
            .client
            .query()
            .table_name(&self.tables.users)
            .index_name("by-address")
            .key_condition_expression(condition)
            .set_expression_attribute_values(Some(values))
            .set_exclusive_start_key(start)
            // One more tells whether there are others.
            .limit(i32::from(most) + 1);
        let found = query
            .send()
            .await
            .map_err(|error| Unavailable::because("list_users", &error))?;
        let most = usize::from(most);
        let more = found.items().len() > most || found.last_evaluated_key().is_some();
        let users: Option<_> = found
            .items()
            .iter()
            .take(most)
            .map(user_item::from_item)
            .collect();
        Ok(UserPage {
            users: users.ok_or_else(|| Unavailable::unreadable("users"))?,
            more,
        })
    }

    /// The youngest `most` records of `subject`'s history, youngest first.
    ///
    /// Costs 1 query.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn list_events(
        &self,
        subject: &Subject,
        most: u8,
    ) -> Result<Vec<AuditRecord>, Unavailable> {
        let found = youngest(
            "list_events",
            self.by_age(&self.tables.audit, &subject.to_string()),
            most,
        )
        .await?;
        let past: Option<_> = found.iter().map(audit::from_item).collect();
        past.ok_or_else(|| Unavailable::unreadable("audit"))
    }

    /// The records of `subject`'s history that are of this kind, youngest first.
    ///
    /// Costs 1 query for each megabyte of history.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn find_events(
        &self,
        subject: &Subject,
        which: EventFilter<'_>,
    ) -> Result<Vec<AuditRecord>, Unavailable> {
        let (mut found, mut start) = (vec![], None);
        loop {
            let query = self
                .by_age(&self.tables.audit, &subject.to_string())
                .set_exclusive_start_key(start);
            let query = match which {
                EventFilter::Action(action) => query
                    .filter_expression("#action = :action")
                    .expression_attribute_names("#action", "action")
                    .expression_attribute_values(":action", s(action)),
                EventFilter::Metadata(name) => query
                    .filter_expression("attribute_exists(#metadata.#name)")
                    .expression_attribute_names("#metadata", "metadata")
                    .expression_attribute_names("#name", name),
            };
            let page = query
                .send()
                .await
                .map_err(|error| Unavailable::because("find_events", &error))?;
            let past: Option<Vec<_>> = page.items().iter().map(audit::from_item).collect();
            found.extend(past.ok_or_else(|| Unavailable::unreadable("audit"))?);
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
    }

    /// The youngest `most` mails to an address, youngest first.
    ///
    /// Costs 1 query.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn list_emails(
        &self,
        to: &KeyedHash,
        most: u8,
    ) -> Result<Vec<DeliveryRecord>, Unavailable> {
        let found = youngest(
            "list_emails",
            self.by_age(&self.tables.emails, &to.to_string()),
            most,
        )
        .await?;
        let deliveries: Option<_> = found.iter().map(outbox_item::delivery).collect();
        deliveries.ok_or_else(|| Unavailable::unreadable("emails"))
    }

    /// Erases a page of the mails to an address that were asked for until `until`; `false` when
    /// there are none left. Whoever has the address next keeps hers.
    ///
    /// Costs 1 query and 1 batch of up to 25 deletes.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn erase_emails(
        &self,
        to: &KeyedHash,
        until: Timestamp,
    ) -> Result<bool, Unavailable> {
        let end = RecordId::first_at(until.plus(Duration::from_millis(1)));
        let page = self
            .by_age(&self.tables.emails, &to.to_string())
            .key_condition_expression("pk = :pk AND sk < :end")
            .expression_attribute_values(":end", s(end.as_str()));
        let found = youngest("erase_emails", page, 25).await?;
        let keys = found
            .iter()
            .filter_map(outbox_item::key_of)
            .map(|key| outbox_item::key(&key))
            .collect();
        self.delete_together("erase_emails", &self.tables.emails, keys)
            .await
    }

    /// Erases a page of a user's sessions; `false` when there are none left.
    ///
    /// Costs 1 query and 1 batch of up to 25 deletes.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn erase_sessions(&self, user: &UserId) -> Result<bool, Unavailable> {
        let found = youngest(
            "erase_sessions",
            self.by_age(&self.tables.sessions, user.as_str()),
            25,
        )
        .await?;
        let hash = |item: &Item| SessionHash::parse(crate::store::item::text(item, "sk")?);
        let keys = found
            .iter()
            .filter_map(hash)
            .map(|hash| crate::store::sessions::session_item::key(user, &hash))
            .collect();
        self.delete_together("erase_sessions", &self.tables.sessions, keys)
            .await
    }

    /// What a table has under `pk`, youngest first.
    fn by_age(&self, table: &str, pk: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
            .scan_index_forward(false)
    }

    async fn delete_together(
        &self,
        act: &'static str,
        table: &str,
        keys: Vec<Item>,
    ) -> Result<bool, Unavailable> {
        if keys.is_empty() {
            return Ok(false);
        }
        #[expect(clippy::expect_used, reason = "every required field is set")]
        let delete = |key| {
            DeleteRequest::builder()
                .set_key(Some(key))
                .build()
                .expect("a whole delete")
        };
        let deletes = keys
            .into_iter()
            .take(BATCH)
            .map(|key| WriteRequest::builder().delete_request(delete(key)).build());
        let batch = self
            .client
            .batch_write_item()
            .request_items(table, deletes.collect())
            .send()
            .await;
        batch
            .map(|_rest_comes_again| true)
            .map_err(|error| Unavailable::because(act, &error))
    }
}

async fn youngest(
    act: &'static str,
    query: QueryFluentBuilder,
    most: u8,
) -> Result<Vec<Item>, Unavailable> {
    let found = query
        .limit(i32::from(most))
        .send()
        .await
        .map_err(|error| Unavailable::because(act, &error))?;
    Ok(found.items.unwrap_or_default())
}
