//! Using a link up: the half that redeeming and resetting have in common (promises 3 and 5).

use super::items::{Item, n, s, tokens};
use super::{Store, Unavailable};
use crate::domain::link::{Link, REPEAT_WITHIN, Redeemer};
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::Update;

/// Why a link did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No such link, or its user may not use it, or her epoch has moved.
    Invalid,
    /// Its time is over.
    Expired,
    /// It has been used, and not by this browser or page within the last minute.
    Used,
    /// The store could not be asked.
    Unavailable,
}

impl From<Unavailable> for Refused {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// Whoever used the link has come back for the answer.
pub(super) struct Repeat;

impl Store {
    /// Marks the link used, and only while it is there, unused and unexpired.
    pub(super) fn use_up(&self, link: &Link, by: &Redeemer, now: Timestamp) -> Update {
        let attempt = by.attempt.map(|attempt| s(attempt.to_string()));
        let set = if attempt.is_some() {
            "SET used_at = :now, attempt = :attempt"
        } else {
            "SET used_at = :now"
        };
        let mut update = Update::builder()
            .table_name(&self.tables.tokens)
            .set_key(Some(tokens::key(&link.id)))
            .update_expression(set)
            .condition_expression(
                "attribute_exists(pk) AND attribute_not_exists(used_at) AND expires_at > :now_in_seconds",
            )
            .expression_attribute_values(":now", n(now.millis()))
            .expression_attribute_values(":now_in_seconds", n(now.secs()))
            .return_values_on_condition_check_failure(super::transaction::with_old());
        if let Some(attempt) = attempt {
            update = update.expression_attribute_values(":attempt", attempt);
        }
        #[expect(clippy::expect_used, reason = "every required field is set")]
        update.build().expect("a whole update")
    }

    /// The link's row, where nothing else says what it is.
    pub(super) async fn token(&self, link: &Link) -> Result<Option<Item>, Unavailable> {
        let get = self
            .client
            .get_item()
            .table_name(&self.tables.tokens)
            .consistent_read(true);
        let got = get.set_key(Some(tokens::key(&link.id))).send().await;
        Ok(got
            .map_err(|error| Unavailable::because("token", &error))?
            .item)
    }
}

/// What a link that could not be used up is: `row` is its row as it was.
pub(super) fn judge(
    link: &Link,
    by: &Redeemer,
    row: Option<&Item>,
    now: Timestamp,
) -> Result<Repeat, Refused> {
    let expired = link.expires_at <= now;
    let Some(row) = row else {
        return Err(if expired {
            Refused::Expired
        } else {
            Refused::Invalid
        });
    };
    let Some((used_at, attempt)) = tokens::redeemed(row) else {
        return Err(if expired {
            Refused::Expired
        } else {
            Refused::Unavailable
        });
    };
    let same_page = attempt.is_some() && attempt == by.attempt;
    if (by.asked || same_page) && now.since(used_at) <= REPEAT_WITHIN {
        Ok(Repeat)
    } else {
        Err(Refused::Used)
    }
}
