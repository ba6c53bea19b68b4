//! The mail table's stream, handed over as the mapping does it, and the sweep, as the schedule does
//! it.

use super::scene::Scene;
use serde_json::{Value, json};
use std::time::Duration;
use tests::secs;

/// How often the stream hands a record over, and how far apart: a lease of 30 s lapses several
/// times, and a mail that waits has waited.
const MOST_DELIVERIES: usize = 90;
const BETWEEN_DELIVERIES: Duration = secs(7);

impl Scene {
    /// Hands the stream's records to the mailer until they are done with, and sweeps until every
    /// mail is over.
    pub(super) async fn deliver(&self) -> Result<(), String> {
        for _ in 0..MOST_DELIVERIES {
            if self.deliver_once().await? {
                if self
                    .world
                    .rows("emails")
                    .iter()
                    .all(|row| row["unfinished"].is_null())
                {
                    return Ok(());
                }
                self.sweep().await?;
            }
            self.pass(BETWEEN_DELIVERIES);
        }
        Err("a mail is handed over for ever".to_owned())
    }

    async fn sweep(&self) -> Result<(), String> {
        let answer = self
            .world
            .portal
            .invoke("mailer", json!({"Sweep": {}}))
            .await;
        let met = self.over();
        match answer {
            Err(why) if !met.died => Err(format!("the sweep broke off by itself: {why}")),
            _ => Ok(()),
        }
    }

    /// One delivery of what is pending; whether nothing is left.
    pub(super) async fn deliver_once(&self) -> Result<bool, String> {
        let pending = self.pending()?;
        if pending.is_empty() {
            return Ok(true);
        }
        let answer = self
            .world
            .portal
            .invoke("mailer", json!({"Records": pending}))
            .await;
        let met = self.over();
        let done = match answer {
            Err(_) if met.died => 0,
            Err(why) => return Err(format!("the mailer broke off by itself: {why}")),
            Ok(answer) => lowest_failure(&answer, &pending),
        };
        if let Some(last) = pending.get(..done).and_then(<[_]>::last) {
            *self.consumed.borrow_mut() = Some(number(last).to_owned());
        }
        Ok(done == pending.len())
    }

    /// The mails that were queued, and not done with.
    fn pending(&self) -> Result<Vec<Value>, String> {
        let after = self.consumed.borrow().clone();
        let records = self
            .world
            .portal
            .stream_records(after.as_deref())
            .map_err(|error| error.to_string())?;
        let queued = |record: &Value| record["eventName"] == "INSERT";
        Ok(records.into_iter().filter(queued).take(10).collect())
    }
}

fn number(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"]
        .as_str()
        .unwrap_or_default()
}

/// How many records of a batch come before the first that is to come again.
fn lowest_failure(answer: &Value, batch: &[Value]) -> usize {
    let failures = answer["batchItemFailures"].as_array().into_iter().flatten();
    let place = |failure: &Value| {
        batch
            .iter()
            .position(|record| failure["itemIdentifier"] == number(record))
    };
    failures
        .map(|failure| place(failure).unwrap_or_default())
        .min()
        .unwrap_or(batch.len())
}
