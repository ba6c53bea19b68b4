//! Transactions that say which of their conditions failed.

use crate::aws;
use crate::store::expression::{Expression, built};
use crate::store::item::Item;
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::operation::transact_write_items::{
    TransactWriteItemsError, TransactWriteItemsInput,
};
use aws_sdk_dynamodb::types::{CancellationReason, Put, TransactWriteItem};
use std::time::Duration;

/// The number of attempts at a write that conflicts with transactions.
pub(super) const ATTEMPTS: u32 = 6;

/// Writes that happen together or not at all. Each carries a label, which a failed condition
/// returns.
pub(super) struct Transaction<L> {
    labels: Vec<L>,
    writes: Vec<TransactWriteItem>,
}

/// The reason why nothing was written.
pub(super) enum TransactionError<L> {
    /// The conditions of these writes did not hold. The item is there if the write requested it.
    Conditions(Vec<(L, Option<Item>)>),
    /// Every attempt conflicted with other transactions.
    Conflict,
    /// The store could not be reached.
    Unavailable,
}

impl<L> From<TransactionError<L>> for Unavailable {
    /// For what is left once failed conditions have been dealt with.
    fn from(_: TransactionError<L>) -> Self {
        Self
    }
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

    pub(super) fn puts(self, label: L, puts: impl IntoIterator<Item = Put>) -> Self {
        let puts = puts.into_iter();
        puts.fold(self, |writes, put| writes.put(label, put))
    }

    pub(super) fn update(self, label: L, expression: Expression) -> Self {
        let update = expression.into_update();
        self.with(label, TransactWriteItem::builder().update(update).build())
    }

    /// Adds updates, each with its label.
    pub(super) fn updates(self, updates: impl IntoIterator<Item = (L, Expression)>) -> Self {
        let updates = updates.into_iter();
        updates.fold(self, |writes, (label, update)| writes.update(label, update))
    }

    pub(super) fn delete(self, label: L, expression: Expression) -> Self {
        let delete = expression.into_delete();
        self.with(label, TransactWriteItem::builder().delete(delete).build())
    }

    pub(super) fn deletes(self, label: L, deletes: impl IntoIterator<Item = Expression>) -> Self {
        let deletes = deletes.into_iter();
        deletes.fold(self, |writes, delete| writes.delete(label, delete))
    }

    /// Adds a condition on an item that is not written.
    pub(super) fn check(self, label: L, expression: Expression) -> Self {
        let check = expression.into_check();
        let item = TransactWriteItem::builder().condition_check(check).build();
        self.with(label, item)
    }

    /// Commits. All attempts carry the same request token, so the writes happen once, even if a
    /// response is lost.
    pub(super) async fn commit(
        self,
        store: &Store,
        operation: &'static str,
    ) -> Result<(), TransactionError<L>> {
        let token = format!("{:032x}", u128::from_be_bytes(store.random.bytes()));
        let request = TransactWriteItemsInput::builder()
            .set_transact_items(Some(self.writes))
            .client_request_token(token);
        let request = built(request.build());
        for attempt in 1..=ATTEMPTS {
            let Err(error) = store.client.send(request.clone()).await else {
                return Ok(());
            };
            let service_error = error.as_service_error();
            let Some(reasons) = service_error.and_then(cancellation_reasons) else {
                let error = aws::describe(&error);
                tracing::error!(act = operation, error, "the store is unavailable");
                return Err(TransactionError::Unavailable);
            };
            // A write that conflicts has not been judged, and may fail its condition as well: only
            // a complete judgement counts.
            let judged = reasons
                .iter()
                .all(|reason| reason.code() != Some("TransactionConflict"));
            let failed = failed_conditions(&self.labels, reasons);
            if judged && !failed.is_empty() {
                return Err(TransactionError::Conditions(failed));
            }
            if attempt < ATTEMPTS {
                store.back_off(attempt).await;
            }
        }
        tracing::warn!(act = operation, "conflicting transactions");
        Err(TransactionError::Conflict)
    }

    /// Commits. Returns `false` if any condition did not hold.
    pub(super) async fn try_commit(
        self,
        store: &Store,
        operation: &'static str,
    ) -> Result<bool, Unavailable> {
        match self.commit(store, operation).await {
            Ok(()) => Ok(true),
            Err(TransactionError::Conditions(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Returns the reason for each write of a cancelled transaction, none while an earlier attempt is
/// in progress, and `None` for all other errors.
fn cancellation_reasons(error: &TransactWriteItemsError) -> Option<&[CancellationReason]> {
    match error {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
            Some(cancelled.cancellation_reasons())
        }
        TransactWriteItemsError::TransactionInProgressException(_) => Some(&[]),
        _ => None,
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

impl Store {
    /// Waits after the `attempt`-th attempt at a write that conflicted, counted from 1.
    pub async fn back_off(&self, attempt: u32) {
        tokio::time::sleep(backoff(attempt, self.random.bytes())).await;
    }
}

/// Returns the pause after an attempt: below 20 ms after the first, 40 ms after the second and so
/// on up to 640 ms, with full jitter.
fn backoff(attempt: u32, random: [u8; 8]) -> Duration {
    let limit = 10_000_u64 << attempt.min(6);
    Duration::from_micros(u64::from_be_bytes(random) % limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_the_pause_doubles_and_any_shorter_pause_may_be_drawn() {
        for (attempt, limit) in [(1, 20_000), (2, 40_000), (6, 640_000), (100, 640_000)] {
            let pause = |random: u64| backoff(attempt, random.to_be_bytes());
            assert_eq!(
                [0, limit - 1, limit].map(pause),
                [0, limit - 1, 0].map(Duration::from_micros),
                "{attempt}"
            );
        }
    }
}
