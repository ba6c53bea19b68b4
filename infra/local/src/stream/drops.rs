//! Tells the person at the terminal which mails were not sent, and why.

use super::{Reader, newest};
use crate::inbox::Inbox;
use crate::json::at;
use crate::shutdown::ShutdownSignal;
use dynoxide::{Database, DynoxideError};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const OVER: [&str; 5] = ["dropped", "throttled", "failed", "expired", "superseded"];

/// Watches the stream of `table` for mails that ended without being sent, until `stopping`.
///
/// # Errors
/// The table has no stream.
pub(crate) fn watch_drops(
    database: &Database,
    table: &str,
    inbox: Arc<Inbox>,
    mut written: watch::Receiver<()>,
    stopping: ShutdownSignal,
) -> Result<impl Future<Output = ()> + Send + use<>, DynoxideError> {
    let mut reader = Reader::new(database, table, newest(database, table)?);
    // A dropped row has lost its address: it is remembered from the moment it was queued.
    let mut addresses = HashMap::new();
    let watch = async move {
        loop {
            written.mark_unchanged();
            for record in reader.next().unwrap_or_default() {
                tell(&record, &mut addresses, &inbox);
            }
            let _either = tokio::time::timeout(Duration::from_secs(1), written.changed()).await;
        }
    };
    Ok(async move {
        tokio::select! {
            () = watch => {}
            () = stopping.wait() => {}
        }
    })
}

fn tell(record: &Value, addresses: &mut HashMap<String, String>, inbox: &Inbox) {
    let image = at(record, "/dynamodb/NewImage");
    let text = |name: &str| image.get(name)?.get("S")?.as_str();
    let key = at(record, "/dynamodb/Keys").to_string();
    if let Some(address) = text("address") {
        addresses.insert(key.clone(), address.to_owned());
    }
    let Some(status) = text("status").filter(|status| OVER.contains(status)) else {
        return;
    };
    // A row that is over may still change; it is told once.
    if let Some(address) = addresses.remove(&key) {
        inbox.say(&format!(
            "no email to {address}: {status} ({})",
            text("reason").unwrap_or("no reason recorded")
        ));
    }
}
