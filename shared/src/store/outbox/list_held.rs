//! Lists the emails that an administrator can send again.

use crate::domain::email::{DeliveryRecord, OutboxKey};
use crate::domain::time::Timestamp;
use crate::store::item::{Item, item, moment, n, s, text};
use crate::store::outbox::{LEASE, outbox_item};
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::operation::query::QueryInput;
use std::time::Duration;

/// A place in the list of held emails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldPosition {
    /// After a held email, and the time at which its link expires.
    Held(OutboxKey, Timestamp),
    /// Before all emails that wait.
    FirstWaiting,
    /// After an email that waits, and the time until which it does.
    Waiting(OutboxKey, Timestamp),
}

/// A page of the list, and the place of the next one.
pub struct HeldPage {
    pub emails: Vec<(OutboxKey, DeliveryRecord)>,
    pub next: Option<HeldPosition>,
}

impl Store {
    /// Returns the emails of all addresses that were held back and whose links have not expired at
    /// `now`, those that expire first, and then those that wait for their budget. A page may have
    /// fewer emails than `limit`, which is at most 100, although there are more.
    ///
    /// Costs 1 or 2 queries of the sparse index, which is eventually consistent, and 1 strongly
    /// consistent batch of 1 read for each email.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a row cannot be read.
    pub async fn list_held_emails(
        &self,
        after: Option<&HeldPosition>,
        limit: u8,
        now: Timestamp,
    ) -> Result<HeldPage, Unavailable> {
        let (mut keys, mut next) = match after {
            Some(HeldPosition::FirstWaiting | HeldPosition::Waiting(..)) => {
                (vec![], Some(HeldPosition::FirstWaiting))
            }
            Some(HeldPosition::Held(key, at)) => {
                self.query_held(outbox_item::HELD, Some((key, *at)), limit, now)
                    .await?
            }
            None => self.query_held(outbox_item::HELD, None, limit, now).await?,
        };
        let left = limit.saturating_sub(u8::try_from(keys.len()).unwrap_or(u8::MAX));
        if left > 0 && next == Some(HeldPosition::FirstWaiting) {
            let start = match after {
                Some(HeldPosition::Waiting(key, at)) => Some((key, *at)),
                _ => None,
            };
            // Younger ones are the stream's, and do not wait.
            let from = now.plus(LEASE);
            let (waiting, after) = self
                .query_held(outbox_item::WAITING, start, left, from)
                .await?;
            keys.extend(waiting);
            next = after;
        }
        let emails = self.find_held(keys, now).await?;
        Ok(HeldPage { emails, next })
    }

    /// Returns the keys of the emails under `unfinished` that are due later than `from`, and the
    /// place of the next page.
    async fn query_held(
        &self,
        unfinished: &str,
        after: Option<(&OutboxKey, Timestamp)>,
        limit: u8,
        from: Timestamp,
    ) -> Result<(Vec<OutboxKey>, Option<HeldPosition>), Unavailable> {
        // DynamoDB refuses a start outside of the range, and its email may be due by now.
        let first = after.map(|(_, at)| at.minus(Duration::from_millis(1)));
        let from = first.map_or(from, |first| from.min(first));
        let start = after.map(|(key, at)| index_key(unfinished, key, at));
        let query = QueryInput::builder()
            .table_name(&self.tables.emails)
            .index_name("unfinished")
            .key_condition_expression("unfinished = :unfinished AND due_at > :from")
            .expression_attribute_values(":unfinished", s(unfinished))
            .expression_attribute_values(":from", n(from.millis()))
            .set_exclusive_start_key(start)
            .limit(i32::from(limit));
        let page = self.query("list_held_emails", query).await?;
        let is_held = unfinished == outbox_item::HELD;
        let next = match page.last_evaluated_key() {
            Some(last) => {
                let position = if is_held {
                    HeldPosition::Held
                } else {
                    HeldPosition::Waiting
                };
                let at = moment(last, "due_at");
                outbox_item::key_of(last)
                    .zip(at)
                    .map(|(key, at)| position(key, at))
            }
            None => is_held.then_some(HeldPosition::FirstWaiting),
        };
        let keys: Option<_> = page.items().iter().map(outbox_item::key_of).collect();
        let keys = keys.ok_or_else(|| Unavailable::unreadable("emails"))?;
        Ok((keys, next))
    }

    /// Reads these emails, and returns those that are still held back or waiting, in their order.
    async fn find_held(
        &self,
        keys: Vec<OutboxKey>,
        now: Timestamp,
    ) -> Result<Vec<(OutboxKey, DeliveryRecord)>, Unavailable> {
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let wanted = keys.iter().map(outbox_item::key).collect();
        let read = self.read_items("list_held_emails", [(&self.tables.emails, wanted)]);
        let [rows] = read.await?;
        let row = |key: &OutboxKey| {
            let mut rows = rows.iter();
            rows.find(|row| is_row_of(row, key))
        };
        let email = |key: OutboxKey| {
            let email = outbox_item::delivery(row(&key)?);
            Some(email.map(|email| (key, email)))
        };
        let emails: Option<Vec<_>> = keys.into_iter().filter_map(email).collect();
        let mut emails = emails.ok_or_else(|| Unavailable::unreadable("emails"))?;
        emails.retain(|(_, email)| email.is_held() || email.is_waiting(now));
        Ok(emails)
    }
}

fn is_row_of(row: &Item, key: &OutboxKey) -> bool {
    text(row, "sk") == Some(key.id.as_str()) && text(row, "pk") == Some(&key.to.to_string())
}

fn index_key(unfinished: &str, key: &OutboxKey, due_at: Timestamp) -> Item {
    let mut whole = outbox_item::key(key);
    whole.extend(item([
        ("unfinished", Some(s(unfinished))),
        ("due_at", Some(n(due_at.millis()))),
    ]));
    whole
}
