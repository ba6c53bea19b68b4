//! Transactions whose refusals have names, and updates that run into them.

use super::{Store, Unavailable};
use crate::aws;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use std::time::Duration;

use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;
use crate::store::item::Item;
use crate::store::rate_limits;

/// How often a transaction that ran into another one is tried.
const TRIES: u32 = 6;

/// Writes that happen together or not at all. Each carries a label, by which a refusal tells what
/// refused it.
pub(super) struct Transaction<L> {
    labels: Vec<L>,
    writes: Vec<TransactWriteItem>,
}

/// Why nothing was written.
pub(super) enum TransactionError<L> {
    /// The conditions of these writes did not hold; with the item as it was, where the write asked
    /// for it.
    Conditions(Vec<(L, Option<Item>)>),
    /// Others kept writing the same items.
    Conflict,
    /// The store could not be asked.
    Unavailable,
}

impl<L: Copy> Transaction<L> {
    pub(super) const fn new() -> Self {
        Self {
            labels: Vec::new(),
            writes: Vec::new(),
        }
    }

    fn with(mut self, label: L, write: TransactWriteItem) -> Self {
        self.labels.push(label);
        self.writes.push(write);
        self
    }

    pub(super) fn put(self, label: L, put: Put) -> Self {
        self.with(label, TransactWriteItem::builder().put(put).build())
    }

    pub(super) fn update(self, label: L, update: Update) -> Self {
        self.with(label, TransactWriteItem::builder().update(update).build())
    }

    pub(super) fn delete(self, label: L, delete: Delete) -> Self {
        self.with(label, TransactWriteItem::builder().delete(delete).build())
    }

    pub(super) fn check(self, label: L, check: ConditionCheck) -> Self {
        self.with(
            label,
            TransactWriteItem::builder().condition_check(check).build(),
        )
    }

    /// Does it. A repeat after a lost answer or a conflict carries the same request token, so it
    /// happens once.
    pub(super) async fn commit(
        self,
        store: &Store,
        act: &'static str,
    ) -> Result<(), TransactionError<L>> {
        let token = format!("{:032x}", u128::from_be_bytes(store.random.bytes()));
        let request = store
            .client
            .transact_write_items()
            .set_transact_items(Some(self.writes))
            .client_request_token(token);
        for attempt in 1..=TRIES {
            let Err(error) = request.clone().send().await else {
                return Ok(());
            };
            let reasons = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    cancelled.cancellation_reasons()
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => &[],
                _ => {
                    tracing::error!(
                        act,
                        error = aws::describe(&error),
                        "the store is unavailable"
                    );
                    return Err(TransactionError::Unavailable);
                }
            };
            // What ran into another transaction has not been judged: only a whole judgement counts.
            let judged = reasons
                .iter()
                .all(|reason| reason.code() != Some("TransactionConflict"));
            let failed = failed_conditions(&self.labels, reasons);
            if judged && !failed.is_empty() {
                return Err(TransactionError::Conditions(failed));
            }
            if attempt < TRIES {
                tokio::time::sleep(backoff(attempt, store.random.bytes())).await;
            }
        }
        tracing::warn!(act, "conflicting transactions");
        Err(TransactionError::Conflict)
    }
}

impl Store {
    /// One update; `false` when its condition did not hold. What runs into a transaction is tried
    /// again.
    pub(super) async fn update(
        &self,
        act: &'static str,
        request: UpdateItemFluentBuilder,
    ) -> Result<bool, Unavailable> {
        let mut attempt = 1;
        loop {
            let Err(error) = request.clone().send().await else {
                return Ok(true);
            };
            match error.code() {
                Some("ConditionalCheckFailedException") => return Ok(false),
                Some("TransactionConflictException") if attempt < TRIES => {
                    tokio::time::sleep(backoff(attempt, self.random.bytes())).await;
                    attempt += 1;
                }
                _ => return Err(Unavailable::because(act, &error)),
            }
        }
    }
}

impl Store {
    /// Counts one more outside of a transaction, so that those who count at the same time are put
    /// in order and do not conflict; `false` at the limit.
    pub(super) async fn count(
        &self,
        act: &'static str,
        throttle: &RateLimit,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        let count = rate_limits::count(&self.tables.rate_limits, throttle, now);
        let request = self
            .client
            .update_item()
            .table_name(count.table_name)
            .set_key(Some(count.key))
            .update_expression(count.update_expression)
            .set_condition_expression(count.condition_expression)
            .set_expression_attribute_names(count.expression_attribute_names)
            .set_expression_attribute_values(count.expression_attribute_values);
        self.update(act, request).await
    }

    /// Puts one item that is not there yet.
    pub(super) async fn put(&self, act: &'static str, put: Put) -> Result<(), Unavailable> {
        let request = self
            .client
            .put_item()
            .table_name(put.table_name)
            .set_item(Some(put.item))
            .set_condition_expression(put.condition_expression);
        match request.send().await {
            Ok(_) => Ok(()),
            // Its id is random: what is there already is this very item, and the answer to an
            // earlier attempt was lost.
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(()),
            Err(error) => Err(Unavailable::because(act, &error)),
        }
    }
}

impl<L> From<TransactionError<L>> for Unavailable {
    /// For what is left once the conditions have been dealt with.
    fn from(_: TransactionError<L>) -> Self {
        Self
    }
}

fn failed_conditions<L: Copy>(
    labels: &[L],
    reasons: &[CancellationReason],
) -> Vec<(L, Option<Item>)> {
    let failed = |reason: &CancellationReason| reason.code() == Some("ConditionalCheckFailed");
    let pairs = labels.iter().zip(reasons);
    pairs
        .filter(|(_, reason)| failed(reason))
        .map(|(label, reason)| (*label, reason.item().cloned()))
        .collect()
}

/// Up to 20 ms, then 40, 80 and so on: full jitter.
fn backoff(attempt: u32, random: [u8; 8]) -> Duration {
    let most = 10_000_u64 << attempt;
    Duration::from_micros(u64::from_be_bytes(random) % most)
}

/// Asks for the item as it was when a condition does not hold.
pub(super) const fn with_old() -> ReturnValuesOnConditionCheckFailure {
    ReturnValuesOnConditionCheckFailure::AllOld
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_may_be_twice_as_long_as_the_one_before_and_as_short_as_nothing() {
        for (attempt, most) in [(1, 20_000), (2, 40_000), (5, 320_000)] {
            let pause = |random: u64| backoff(attempt, random.to_be_bytes());
            assert_eq!(
                [0, most - 1, most].map(pause),
                [0, most - 1, 0].map(Duration::from_micros),
                "{attempt}"
            );
        }
    }
}
