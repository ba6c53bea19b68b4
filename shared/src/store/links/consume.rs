//! Consumes a link: the part that redeeming and resetting have in common (promises 3 and 5).

use crate::domain::link::{Link, REPLAY_WINDOW, RedeemContext};
use crate::domain::time::Timestamp;
use crate::store::expression::Expression;
use crate::store::item::{Item, n, s};
use crate::store::links::link_item;
use crate::store::{Store, Unavailable};

/// The reason why a link did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// The link does not exist, its user may not use it, or their epoch has moved.
    Invalid,
    Expired,
    /// The link has been used, and not by this browser or page within the replay window.
    Used,
    /// The store could not be reached.
    Unavailable,
}

impl From<Unavailable> for LinkError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// The browser or page that has used the link repeats its request within the replay window.
pub(super) struct Replay;

impl Store {
    /// Returns the update that marks the link as used, on condition that it exists and is unused
    /// and unexpired.
    pub(super) fn consume_link(
        &self,
        link: &Link,
        by: &RedeemContext,
        now: Timestamp,
    ) -> Expression {
        let used = self
            .link_row(&link.id)
            .set("used_at = :now")
            .when(
                "attribute_exists(pk) AND attribute_not_exists(used_at) \
                 AND expires_at > :now_in_seconds",
            )
            .values([
                (":now", n(now.millis())),
                (":now_in_seconds", n(now.secs())),
            ])
            .returning_old_item();
        match by.idempotency_key {
            Some(key) => used
                .set("idempotency_key = :idempotency_key")
                .values([(":idempotency_key", s(key.to_string()))]),
            None => used,
        }
    }

    /// Reads the row of a link, for when a conflict has kept a transaction from judging it.
    pub(super) async fn find_link_item(&self, link: &Link) -> Result<Option<Item>, Unavailable> {
        self.read_item(
            "find_link_item",
            &self.tables.links,
            link_item::key(&link.id),
        )
        .await
    }
}

/// Explains why a link could not be consumed, given its `row` at that time.
///
/// # Errors
/// Fails with the [`LinkError`] that applies, unless the request is a [`Replay`].
pub(super) fn explain_failure(
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
