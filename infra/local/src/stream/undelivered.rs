//! Adds the emails that were not delivered to the inbox, and why.

use super::reader::{StreamReader, newest_sequence_number};
use crate::inbox::Inbox;
use crate::json::at;
use dynoxide::{Database, DynoxideError};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const UNDELIVERED: [&str; 6] = [
    "dropped",
    "throttled",
    "failed",
    "expired",
    "superseded",
    "suppressed",
];

/// The interval at which the stream is read even if no write was noticed.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Returns a task without end that adds to the inbox each email in the stream of `table` that was
/// finished without being sent.
///
/// # Errors
/// A [`DynoxideError`] if the table has no stream.
pub(crate) fn report_undelivered(
    database: &Database,
    table: &str,
    inbox: Arc<Inbox>,
    mut written: watch::Receiver<()>,
) -> Result<impl Future<Output = ()> + Send + use<>, DynoxideError> {
    let newest = newest_sequence_number(database, table)?;
    let mut reader = StreamReader::new(database, table, newest);
    // Dropping an email removes the address from its row, so it is remembered from earlier records.
    let mut addresses = HashMap::new();
    Ok(async move {
        loop {
            written.mark_unchanged();
            for record in reader.read().unwrap_or_default() {
                report(&record, &mut addresses, &inbox);
            }
            let _either = tokio::time::timeout(POLL_INTERVAL, written.changed()).await;
        }
    })
}

fn report(record: &Value, addresses: &mut HashMap<String, String>, inbox: &Inbox) {
    let image = at(record, "/dynamodb/NewImage");
    let text = |name: &str| image.get(name)?.get("S")?.as_str();
    let key = at(record, "/dynamodb/Keys").to_string();
    if let Some(address) = text("address") {
        addresses.insert(key.clone(), address.to_owned());
    }
    let Some(status) = text("status").filter(|status| UNDELIVERED.contains(status)) else {
        return;
    };
    // Removing the address makes sure that a row that changes again is not reported twice.
    if let Some(address) = addresses.remove(&key) {
        let reason = text("reason").unwrap_or("no reason recorded");
        inbox.add_unsent(address, status, reason);
    }
}
