//! The stream of queued emails, and the mailer that they are delivered to.

use kit::World;
use serde_json::{Value, json};

/// Returns the records of emails queued since the last call with this cursor.
pub(crate) fn queued(world: &World, cursor: &mut Option<String>) -> Result<Vec<Value>, String> {
    let records = world.portal.stream_records(cursor.as_deref());
    let mut records = records.map_err(|error| error.to_string())?;
    if let Some(last) = records.last() {
        *cursor = last["dynamodb"]["SequenceNumber"]
            .as_str()
            .map(str::to_owned);
    }
    records.retain(|record| record["eventName"] == "INSERT");
    Ok(records)
}

/// Delivers these records to the mailer and returns its response.
pub(crate) async fn deliver(world: &World, records: &[Value]) -> Result<Value, String> {
    let event = json!({ "Records": records });
    world.portal.invoke("mailer", event).await
}

/// Returns whether the mailer's response reports this record as failed.
pub(crate) fn is_reported(response: &Value, record: &Value) -> bool {
    let failures = response["batchItemFailures"].as_array();
    failures
        .into_iter()
        .flatten()
        .any(|failure| failure["itemIdentifier"] == record["dynamodb"]["SequenceNumber"])
}
