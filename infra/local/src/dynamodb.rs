//! The embedded DynamoDB, which the store reaches through the real SDK.

use crate::template::Table;
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::scan::ScanRequest;
use dynoxide::actions::update_time_to_live::{TimeToLiveSpecification, UpdateTimeToLiveRequest};
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::config::StartError;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The portal's clock in the form that dynoxide takes.
struct DatabaseClock(Clock);

impl dynoxide::storage_backend::Clock for DatabaseClock {
    fn now_unix_secs(&self) -> u64 {
        self.0.now().secs()
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 fit a double for 285,000 years"
    )]
    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().millis() as f64 / 1000.0
    }
}

/// Opens a database with these tables: in memory with the portal's clock, or in `directory` with
/// the machine's clock.
///
/// # Errors
/// A [`StartError`] if the file cannot be used, or if DynamoDB would refuse a table.
pub(crate) fn open(
    directory: Option<&Path>,
    clock: &Clock,
    tables: &[Table],
) -> Result<Database, StartError> {
    let opened = match directory {
        None => Database::memory_with_clock(Arc::new(DatabaseClock(clock.clone()))),
        Some(directory) => Database::new(&directory.join("dynamodb.sqlite").to_string_lossy()),
    };
    let database = opened
        .map_err(|error| StartError(format!("Could not open the embedded DynamoDB: {error}.")))?;
    for table in tables {
        create_table(&database, table).map_err(|why| {
            StartError(format!("Could not create the table {}: {why}.", table.name))
        })?;
    }
    Ok(database)
}

fn create_table(database: &Database, table: &Table) -> Result<(), String> {
    let request: CreateTableRequest =
        serde_json::from_value(table.create.clone()).map_err(|error| error.to_string())?;
    match database.create_table(request) {
        Ok(_) => {}
        Err(DynoxideError::ResourceInUseException(_)) => return Ok(()),
        Err(error) => return Err(error.to_string()),
    }
    if let Some(attribute_name) = table.ttl.clone() {
        let time_to_live_specification = TimeToLiveSpecification {
            attribute_name,
            enabled: true,
        };
        let request = UpdateTimeToLiveRequest {
            table_name: table.name.clone(),
            time_to_live_specification,
        };
        database
            .update_time_to_live(request)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Executes a request of DynamoDB's JSON protocol. Returns the status and the body of the response.
pub(crate) fn call(database: &Database, operation: &str, body: &Value) -> (u16, String) {
    let result = match operation {
        "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => run(body, |request| database.batch_write_item(request)),
        "CreateTable" => run(body, |request| database.create_table(request)),
        "DeleteTable" => run(body, |request| database.delete_table(request)),
        "DescribeTable" => run(body, |request| database.describe_table(request)),
        "GetItem" => run(body, |request| database.get_item(request)),
        "ListTagsOfResource" => run(body, |request| database.list_tags_of_resource(request)),
        "PutItem" => run(body, |request| database.put_item(request)),
        "Query" => run(body, |request| database.query(request)),
        "Scan" => run(body, |request| database.scan(request)),
        "TransactWriteItems" => run(body, |request| database.transact_write_items(request)),
        "UntagResource" => run(body, |request| database.untag_resource(request)),
        // It keeps no backups.
        "UpdateContinuousBackups" => Ok("{}".to_owned()),
        "UpdateTable" => run(body, |request| database.update_table(request)),
        "UpdateItem" => run(body, |request| database.update_item(request)),
        other => Err(DynoxideError::UnsupportedCapability(format!(
            "the embedded DynamoDB does not support {other}"
        ))),
    };
    match result {
        Ok(body) => (200, body),
        Err(error) => (error.status_code(), error.to_json()),
    }
}

fn run<I: DeserializeOwned, O: Serialize>(
    body: &Value,
    operation: impl FnOnce(I) -> Result<O, DynoxideError>,
) -> Result<String, DynoxideError> {
    let unreadable =
        |error: serde_json::Error| DynoxideError::SerializationException(error.to_string());
    let request = I::deserialize(body).map_err(unreadable)?;
    serde_json::to_string(&operation(request)?).map_err(unreadable)
}

/// Returns the items of all tables by the table's short name.
///
/// # Errors
/// A [`DynoxideError`] if the database cannot be read.
pub(crate) fn dump<'a>(
    database: &Database,
    tables: impl Iterator<Item = &'a String>,
) -> Result<BTreeMap<String, Vec<Value>>, DynoxideError> {
    let mut all = BTreeMap::new();
    for table in tables {
        let mut items = vec![];
        let mut start = None;
        loop {
            let scan = ScanRequest {
                table_name: table.clone(),
                exclusive_start_key: start,
                ..Default::default()
            };
            let page = database.scan(scan)?;
            items.extend(page.items.into_iter().flatten().map(|item| json!(item)));
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        all.insert(short_name(table).to_owned(), items);
    }
    Ok(all)
}

/// Returns a table's name without the stack's.
pub(crate) fn short_name(table: &str) -> &str {
    table
        .strip_prefix(crate::template::STACK)
        .and_then(|rest| rest.strip_prefix('-'))
        .unwrap_or(table)
}
