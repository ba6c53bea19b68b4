//! Copies the restored rows into `users`.

use super::Context;
use super::changes::Changes;
use super::rows::{self, Row};
use super::source::Source;
use crate::error::Error;
use aws_sdk_dynamodb::Client;
use shared::random::Random;
use std::collections::BTreeSet;
use tokio::task::JoinSet;

/// The number of writes at the same time.
const WRITES: usize = 32;

/// Copies all rows that are not there yet, and returns the ids of the restored users. Claims come
/// first, so that nobody signs up with the address of a user who is about to be restored.
pub(super) async fn copy(
    context: &Context<'_>,
    source: &Source,
    changes: &Changes,
    random: &Random,
) -> Result<BTreeSet<String>, Error> {
    let mut users = BTreeSet::new();
    for claims in [true, false] {
        let scan = context.client.scan().table_name(&source.table);
        let scan = scan.consistent_read(true).into_paginator();
        let mut pages = scan.send();
        while let Some(page) = pages.next().await {
            let what = format!("read the table {}", source.table);
            let page = page.map_err(|error| Error::of_call(&what, &error))?;
            let rows = page.items.unwrap_or_default().into_iter();
            let rows = rows.filter(|row| rows::is_claim(row) == claims);
            let rows = rows.inspect(|row| {
                users.insert(rows::user(row).to_owned());
            });
            let rows = rows.filter_map(|row| rows::rewrite(row, changes, random.bytes()));
            write(context, rows.collect()).await?;
        }
    }
    Ok(users)
}

async fn write(context: &Context<'_>, rows: Vec<Row>) -> Result<(), Error> {
    let mut writes = JoinSet::new();
    for row in rows {
        if writes.len() >= WRITES {
            join(&mut writes).await?;
        }
        writes.spawn(put(context.client.clone(), context.users.clone(), row));
    }
    while !writes.is_empty() {
        join(&mut writes).await?;
    }
    Ok(())
}

async fn join(writes: &mut JoinSet<Result<(), Error>>) -> Result<(), Error> {
    let done = writes.join_next().await;
    done.unwrap_or(Ok(Ok(())))
        .unwrap_or_else(|error| Err(Error::Failed(error.to_string())))
}

/// Writes a row unless there is one: an earlier run has written it, and it may have changed since.
async fn put(client: Client, table: String, row: Row) -> Result<(), Error> {
    let put = client.put_item().table_name(table).set_item(Some(row));
    let put = put.condition_expression("attribute_not_exists(pk)");
    match put.send().await {
        Ok(_) => Ok(()),
        Err(error) => {
            let refused = error.as_service_error();
            if refused.is_some_and(|error| error.is_conditional_check_failed_exception()) {
                return Ok(());
            }
            Err(Error::of_call("write a user", &error))
        }
    }
}
