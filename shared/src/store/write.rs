//! Writes outside of a transaction.

use crate::store::expression::{Expression, built};
use crate::store::item::Item;
use crate::store::transaction::ATTEMPTS;
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemInput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{DeleteRequest, ReturnValue, WriteRequest};
use std::collections::HashMap;

/// The maximum number of deletes in one batch.
pub(in crate::store) const BATCH: u8 = 25;

/// The item whose condition did not hold, if the update asked for it.
pub(in crate::store) struct Refused(pub(in crate::store) Item);

impl Store {
    /// Updates one item. Returns `false` if its condition did not hold. Retries when the update
    /// conflicts with a transaction.
    pub(in crate::store) async fn update(
        &self,
        operation: &'static str,
        expression: Expression,
    ) -> Result<bool, Unavailable> {
        let updated = self.update_and_return(operation, expression).await?;
        Ok(updated.is_ok())
    }

    /// Updates one item as [`Store::update`] does. Returns the attributes that were updated, with
    /// their new values; or if the condition did not hold, the item, if the expression asks for it.
    pub(in crate::store) async fn update_and_return(
        &self,
        operation: &'static str,
        expression: Expression,
    ) -> Result<Result<Item, Refused>, Unavailable> {
        let request = expression.into_request();
        let request = built(request.return_values(ReturnValue::UpdatedNew).build());
        let mut attempt = 1;
        loop {
            let error = match self.client.send(request.clone()).await {
                Ok(output) => return Ok(Ok(output.attributes.unwrap_or_default())),
                Err(error) => error,
            };
            if let Some(UpdateItemError::ConditionalCheckFailedException(failed)) =
                error.as_service_error()
            {
                return Ok(Err(Refused(failed.item().cloned().unwrap_or_default())));
            }
            match error.code() {
                Some("TransactionConflictException") if attempt < ATTEMPTS => {
                    self.back_off(attempt).await;
                    attempt += 1;
                }
                _ => return Err(Unavailable::because(operation, &error)),
            }
        }
    }

    /// Deletes at most [`BATCH`] items, in one request unless DynamoDB leaves some undone. Returns
    /// `false` if there are no keys.
    pub(in crate::store) async fn delete_items(
        &self,
        operation: &'static str,
        table: &str,
        keys: Vec<Item>,
    ) -> Result<bool, Unavailable> {
        if keys.is_empty() {
            return Ok(false);
        }
        let delete = |key| built(DeleteRequest::builder().set_key(Some(key)).build());
        let deletes = keys
            .into_iter()
            .take(usize::from(BATCH))
            .map(|key| WriteRequest::builder().delete_request(delete(key)).build());
        let mut undone = HashMap::from([(table.to_owned(), deletes.collect())]);
        for attempt in 1..=ATTEMPTS {
            let request = BatchWriteItemInput::builder().set_request_items(Some(undone));
            let batch = self
                .client
                .send(built(request.build()))
                .await
                .map_err(|error| Unavailable::because(operation, &error))?;
            undone = batch.unprocessed_items.unwrap_or_default();
            if undone.is_empty() {
                return Ok(true);
            }
            self.back_off(attempt).await;
        }
        tracing::error!(act = operation, "DynamoDB left items unprocessed");
        Err(Unavailable)
    }
}
