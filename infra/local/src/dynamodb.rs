//! The embedded DynamoDB: the real store code talks to it through the real SDK, whose requests are
//! answered here.

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

/// Our clock, as dynoxide wants it.
struct Time(Clock);

impl dynoxide::storage_backend::Clock for Time {
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

/// Opens the database, in memory on our clock, or in `directory` on the machine's, with `tables` in
/// it.
///
/// # Errors
/// A file that cannot be used, or a table that DynamoDB would refuse.
pub(crate) fn open(
    directory: Option<&Path>,
    clock: &Clock,
    tables: &[Table],
) -> Result<Database, StartError> {
    let opened = match directory {
        None => Database::memory_with_clock(Arc::new(Time(clock.clone()))),
        Some(directory) => Database::new(&directory.join("dynamodb.sqlite").to_string_lossy()),
    };
    let database = opened
        .map_err(|error| StartError(format!("Could not open the embedded DynamoDB: {error}.")))?;
    for table in tables {
        create(&database, table).map_err(|why| {
            StartError(format!("Could not create the table {}: {why}.", table.name))
        })?;
    }
    Ok(database)
}

fn create(database: &Database, table: &Table) -> Result<(), String> {
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

/// Answers a request as DynamoDB's JSON protocol does: status and body.
pub(crate) fn answer(database: &Database, operation: &str, body: &Value) -> (u16, String) {
    let answered = match operation {
        "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => run(body, |request| database.batch_write_item(request)),
        "GetItem" => run(body, |request| database.get_item(request)),
        "PutItem" => run(body, |request| database.put_item(request)),
        "Query" => run(body, |request| database.query(request)),
        "TransactWriteItems" => run(body, |request| database.transact_write_items(request)),
        "UpdateItem" => run(body, |request| database.update_item(request)),
        other => Err(DynoxideError::UnsupportedCapability(format!(
            "the embedded DynamoDB does not support {other}"
        ))),
    };
    match answered {
        Ok(body) => (200, body),
        Err(error) => (error.status_code(), error.to_json()),
    }
}

fn run<I: DeserializeOwned, O: Serialize>(
    body: &Value,
    act: impl FnOnce(I) -> Result<O, DynoxideError>,
) -> Result<String, DynoxideError> {
    let unreadable =
        |error: serde_json::Error| DynoxideError::SerializationException(error.to_string());
    let request = I::deserialize(body).map_err(unreadable)?;
    serde_json::to_string(&act(request)?).map_err(unreadable)
}

/// Every item of every table, under the table's name without the stack's.
///
/// # Errors
/// The database cannot be read.
pub(crate) fn dump(
    database: &Database,
    tables: &[String],
) -> Result<BTreeMap<String, Vec<Value>>, DynoxideError> {
    let mut all = BTreeMap::new();
    for table in tables {
        let (mut items, mut start) = (vec![], None);
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

/// A table's name without the stack's.
pub(crate) fn short_name(table: &str) -> &str {
    table
        .strip_prefix(crate::template::STACK)
        .and_then(|rest| rest.strip_prefix('-'))
        .unwrap_or(table)
}
