//! Consumes a link: the part that redeeming and resetting have in common (promises 3 and 5).

use crate::domain::link::{Link, REPLAY_WINDOW, RedeemContext};
use crate::domain::time::Timestamp;
use crate::store::expression::Expression;
use crate::store::item::{Item, n, s};
use crate::store::links::link_item;
use crate::store::transaction::TransactionError;
use crate::store::{Store, Unavailable};
use std::time::Duration;

/// The reason why a link did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// The link does not exist, its user may not use it, or their epoch has moved.
    Invalid,
    Expired,
    /// The link has been used, and not by this browser or page within the replay window.
    Used,
    /// A concurrent sign-in of the user came first, or they have a history other than was assumed:
    /// count their sessions again.
    Outpaced {
        /// Is true if the user has signed in before.
        signed_in_before: bool,
    },
    /// The store could not be reached.
    Unavailable,
}

impl From<Unavailable> for LinkError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// The writes of a transaction that consumes a link.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Write {
    Link,
    User,
    Other,
}

/// The browser or page that has used the link repeats its request within the replay window.
pub(super) struct Replay;

impl Store {
    /// Returns the update that marks the link as used, on condition that it exists and is unused
    /// and unexpired. Its row is kept as long as its email, whose story tells that it was used, and
    /// for the `life` of the session that the link may end.
    pub(super) fn consume_link(
        &self,
        link: &Link,
        by: &RedeemContext,
        now: Timestamp,
        life: Duration,
    ) -> Expression {
        let used = self
            .link_row(&link.id)
            .set("used_at = :now, link_expires_at = expires_at")
            .set("expires_at = if_not_exists(kept_until, expires_at) + :life")
            .when(
                "attribute_exists(pk) AND attribute_not_exists(used_at) \
                 AND expires_at > :now_in_seconds",
            )
            .values([
                (":now", n(now.millis())),
                (":now_in_seconds", n(now.secs())),
                (":life", n(life.as_secs())),
            ])
            .returning_old_item();
        let used = if by.same_browser {
            used.set("used_by_requester = :now")
        } else {
            used
        };
        match by.idempotency_key {
            Some(key) => used
                .set("idempotency_key = :idempotency_key")
                .values([(":idempotency_key", s(key.to_string()))]),
            None => used,
        }
    }

    /// Explains why a transaction that consumes `link` was not committed, or returns [`Replay`] if
    /// it repeats one that was.
    ///
    /// Costs 1 strongly consistent read if the transaction conflicted with others, else nothing.
    pub(super) async fn explain_failure(
        &self,
        error: TransactionError<Write>,
        link: &Link,
        by: &RedeemContext,
        now: Timestamp,
    ) -> Result<Replay, LinkError> {
        let row = match error {
            TransactionError::Conditions(failed) => {
                // If the link met its condition, it was the user who did not.
                let mut failed = failed.into_iter();
                let link = failed.find(|(write, _)| *write == Write::Link);
                link.ok_or(LinkError::Invalid)?.1
            }
            TransactionError::Conflict => {
                let key = link_item::key(&link.id);
                self.read_item("explain_failure", &self.tables.links, key)
                    .await?
            }
            TransactionError::Unavailable => return Err(LinkError::Unavailable),
        };
        explain(link, by, row.as_ref(), now)
    }
}

/// Explains why a link with this `row` cannot be consumed.
pub(super) fn explain(
    link: &Link,
    by: &RedeemContext,
    row: Option<&Item>,
    now: Timestamp,
) -> Result<Replay, LinkError> {
    let or_expired = |error| {
        if link.expires_at <= now {
            LinkError::Expired
        } else {
            error
        }
    };
    let Some(row) = row else {
        return Err(or_expired(LinkError::Invalid));
    };
    let Some(redemption) = link_item::redemption(row) else {
        return Err(or_expired(LinkError::Unavailable));
    };
    if by.repeats(&redemption.by) && now.since(redemption.at) <= REPLAY_WINDOW {
        Ok(Replay)
    } else {
        Err(LinkError::Used)
    }
}
