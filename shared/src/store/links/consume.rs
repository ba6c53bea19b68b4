//! Using a link up: the half that redeeming and resetting have in common (promises 3 and 5).

use crate::domain::link::{Link, REPLAY_WINDOW, RedeemContext};
use crate::domain::time::Timestamp;
use crate::store::item::{Item, n, s};
use crate::store::links::link_item;
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::types::Update;

/// Why a link did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// No such link, or its user may not use it, or her epoch has moved.
    Invalid,
    /// Its time is over.
    Expired,
    /// It has been used, and not by this browser or page within the last minute.
    Used,
    /// The store could not be asked.
    Unavailable,
}

impl From<Unavailable> for LinkError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// Whoever used the link has come back for the answer.
pub(in crate::store) struct Replay;

impl Store {
    /// Marks the link used, and only while it is there, unused and unexpired.
    pub(in crate::store) fn consume_link(
        &self,
        link: &Link,
        by: &RedeemContext,
        now: Timestamp,
    ) -> Update {
        let idempotency_key = by
            .idempotency_key
            .map(|idempotency_key| s(idempotency_key.to_string()));
        let set = if idempotency_key.is_some() {
            "SET used_at = :now, idempotency_key = :idempotency_key"
        } else {
            "SET used_at = :now"
        };
        let mut update = Update::builder()
            .table_name(&self.tables.links)
            .set_key(Some(link_item::key(&link.id)))
            .update_expression(set)
            .condition_expression(
                "attribute_exists(pk) AND attribute_not_exists(used_at) AND expires_at > :now_in_seconds",
            )
            .expression_attribute_values(":now", n(now.millis()))
            .expression_attribute_values(":now_in_seconds", n(now.secs()))
            .return_values_on_condition_check_failure(crate::store::transaction::with_old());
        if let Some(idempotency_key) = idempotency_key {
            update = update.expression_attribute_values(":idempotency_key", idempotency_key);
        }
        #[expect(clippy::expect_used, reason = "every required field is set")]
        update.build().expect("a whole update")
    }

    /// The link's row, where nothing else says what it is.
    pub(in crate::store) async fn find_link_item(
        &self,
        link: &Link,
    ) -> Result<Option<Item>, Unavailable> {
        let get = self
            .client
            .get_item()
            .table_name(&self.tables.links)
            .consistent_read(true);
        let got = get.set_key(Some(link_item::key(&link.id))).send().await;
        Ok(got
            .map_err(|error| Unavailable::because("find_link_item", &error))?
            .item)
    }
}

/// What a link that could not be used up is: `row` is its row as it was.
pub(in crate::store) fn explain_failure(
    link: &Link,
    by: &RedeemContext,
    row: Option<&Item>,
    now: Timestamp,
) -> Result<Replay, LinkError> {
    let expired = link.expires_at <= now;
    let Some(row) = row else {
        return Err(if expired {
            LinkError::Expired
        } else {
            LinkError::Invalid
        });
    };
    let Some((used_at, idempotency_key)) = link_item::redeemed(row) else {
        return Err(if expired {
            LinkError::Expired
        } else {
            LinkError::Unavailable
        });
    };
    let same_page = idempotency_key.is_some() && idempotency_key == by.idempotency_key;
    if (by.same_browser || same_page) && now.since(used_at) <= REPLAY_WINDOW {
        Ok(Replay)
    } else {
        Err(LinkError::Used)
    }
}
