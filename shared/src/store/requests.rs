//! The operations of DynamoDB that the store uses.

use crate::aws::{Request, Service};
use aws_sdk_dynamodb::operation::batch_get_item::{
    BatchGetItem, BatchGetItemError, BatchGetItemInput, BatchGetItemOutput,
};
use aws_sdk_dynamodb::operation::batch_write_item::{
    BatchWriteItem, BatchWriteItemError, BatchWriteItemInput, BatchWriteItemOutput,
};
use aws_sdk_dynamodb::operation::get_item::{GetItem, GetItemError, GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItem, PutItemError, PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{Query, QueryError, QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{
    TransactWriteItems, TransactWriteItemsError, TransactWriteItemsInput, TransactWriteItemsOutput,
};
use aws_sdk_dynamodb::operation::update_item::{
    UpdateItem, UpdateItemError, UpdateItemInput, UpdateItemOutput,
};

/// The service Amazon DynamoDB.
pub(super) struct DynamoDb;

impl Service for DynamoDb {
    const NAME: &'static str = "dynamodb";
}

impl Request<DynamoDb> for BatchGetItemInput {
    type Operation = BatchGetItem;
    type Output = BatchGetItemOutput;
    type Error = BatchGetItemError;
}

impl Request<DynamoDb> for BatchWriteItemInput {
    type Operation = BatchWriteItem;
    type Output = BatchWriteItemOutput;
    type Error = BatchWriteItemError;
}

impl Request<DynamoDb> for GetItemInput {
    type Operation = GetItem;
    type Output = GetItemOutput;
    type Error = GetItemError;
}

impl Request<DynamoDb> for PutItemInput {
    type Operation = PutItem;
    type Output = PutItemOutput;
    type Error = PutItemError;
}

impl Request<DynamoDb> for QueryInput {
    type Operation = Query;
    type Output = QueryOutput;
    type Error = QueryError;
}

impl Request<DynamoDb> for TransactWriteItemsInput {
    type Operation = TransactWriteItems;
    type Output = TransactWriteItemsOutput;
    type Error = TransactWriteItemsError;
}

impl Request<DynamoDb> for UpdateItemInput {
    type Operation = UpdateItem;
    type Output = UpdateItemOutput;
    type Error = UpdateItemError;
}
