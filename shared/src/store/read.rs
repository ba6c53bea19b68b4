//! Reads of one item, of several items, and of all items under one partition key.

use crate::store::expression::built;
use crate::store::item::{Item, s};
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemInput;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::types::KeysAndAttributes;
use std::collections::HashMap;

/// The number of requests for what DynamoDB leaves out of a batch.
const BATCH_ATTEMPTS: usize = 3;

impl Store {
    /// Reads one item, strongly consistently.
    pub(in crate::store) async fn read_item(
        &self,
        operation: &'static str,
        table: &str,
        key: Item,
    ) -> Result<Option<Item>, Unavailable> {
        let request = GetItemInput::builder()
            .table_name(table)
            .consistent_read(true)
            .set_key(Some(key));
        let output = self
            .client
            .send(built(request.build()))
            .await
            .map_err(|error| Unavailable::because(operation, &error))?;
        Ok(output.item)
    }

    /// Reads one item, eventually consistently, for half the price.
    pub(in crate::store) async fn read_item_eventually(
        &self,
        operation: &'static str,
        table: &str,
        key: Item,
    ) -> Result<Option<Item>, Unavailable> {
        let request = GetItemInput::builder().table_name(table).set_key(Some(key));
        let output = self
            .client
            .send(built(request.build()))
            .await
            .map_err(|error| Unavailable::because(operation, &error))?;
        Ok(output.item)
    }

    /// Reads several items in one strongly consistent round trip. Returns those that exist, in the
    /// order of the requested tables. The items of one table are in no particular order.
    pub(in crate::store) async fn read_items<const N: usize>(
        &self,
        operation: &'static str,
        keys: [(&String, Vec<Item>); N],
    ) -> Result<[Vec<Item>; N], Unavailable> {
        let request = |keys| {
            let request = KeysAndAttributes::builder().set_keys(Some(keys));
            built(request.consistent_read(true).build())
        };
        let tables = keys.each_ref().map(|(table, _)| *table);
        let mut missing: HashMap<_, _> = keys
            .map(|(table, keys)| (table.clone(), request(keys)))
            .into();
        let mut found: HashMap<String, Vec<Item>> = HashMap::new();
        for _ in 0..BATCH_ATTEMPTS {
            let request = BatchGetItemInput::builder().set_request_items(Some(missing));
            let batch = self
                .client
                .send(built(request.build()))
                .await
                .map_err(|error| Unavailable::because(operation, &error))?;
            for (table, items) in batch.responses.unwrap_or_default() {
                found.entry(table).or_default().extend(items);
            }
            missing = batch.unprocessed_keys.unwrap_or_default();
            if missing.is_empty() {
                return Ok(tables.map(|table| found.remove(table).unwrap_or_default()));
            }
        }
        tracing::error!(act = operation, "DynamoDB left keys unprocessed");
        Err(Unavailable)
    }

    /// Returns a strongly consistent query of all items under `pk`, in the order of their sort
    /// keys.
    pub(in crate::store) fn query_partition(table: &str, pk: &str) -> QueryInputBuilder {
        QueryInput::builder()
            .table_name(table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(pk))
    }

    /// Sends a query, and returns one page.
    pub(in crate::store) async fn query(
        &self,
        operation: &'static str,
        query: QueryInputBuilder,
    ) -> Result<QueryOutput, Unavailable> {
        let page = self.client.send(built(query.build())).await;
        page.map_err(|error| Unavailable::because(operation, &error))
    }

    /// Returns the last `limit` items of a query. Where sort keys start with a time, they are the
    /// newest ones.
    pub(in crate::store) async fn last_items(
        &self,
        operation: &'static str,
        query: QueryInputBuilder,
        limit: u8,
    ) -> Result<Vec<Item>, Unavailable> {
        let query = query.scan_index_forward(false).limit(i32::from(limit));
        let page = self.query(operation, query).await?;
        Ok(page.items.unwrap_or_default())
    }

    /// Returns all items of a query, page by page.
    pub(in crate::store) async fn all_items(
        &self,
        operation: &'static str,
        query: QueryInputBuilder,
    ) -> Result<Vec<Item>, Unavailable> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let query = query.clone().set_exclusive_start_key(start);
            let page = self.query(operation, query).await?;
            items.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }
}
