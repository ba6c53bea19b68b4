//! Delivers the outbox: the stream's records and the sweep.

use super::{MAX_ATTEMPTS, Scenario, StepResult};
use crate::rows::is_finished;
use crate::{ensure, outbox};
use kit::{Email, secs};
use local::SesEvent;
use serde_json::{Value, json};
use std::time::Duration;

/// The stream delivers a record this often, this far apart: leases of 30 seconds expire several
/// times, and emails that wait are due.
const MAX_DELIVERIES: usize = 90;
const DELIVERY_INTERVAL: Duration = secs(7);

impl Scenario {
    /// Delivers the stream's records to the mailer until it is done with them, and sweeps until
    /// every email is finished.
    pub(crate) async fn deliver(&self) -> StepResult {
        for _ in 0..MAX_DELIVERIES {
            if self.deliver_once().await? {
                let rows = self.world.rows("emails");
                if rows.iter().all(is_finished) {
                    return Ok(());
                }
                self.invoke_mailer(json!({"Sweep": {}})).await?;
            }
            self.advance(DELIVERY_INTERVAL);
        }
        Err("an email is delivered for ever".to_owned())
    }

    /// Delivers the stream's records to the mailer until it is done with them.
    pub(crate) async fn deliver_stream(&self) -> StepResult {
        for _ in 0..MAX_DELIVERIES {
            if self.deliver_once().await? {
                return Ok(());
            }
            self.advance(DELIVERY_INTERVAL);
        }
        Err("a record is delivered for ever".to_owned())
    }

    /// Delivers one batch and returns whether no record is left.
    pub(crate) async fn deliver_once(&self) -> StepResult<bool> {
        let after = self.checkpoint.borrow().clone();
        let records = self.world.portal.stream_records(after.as_deref());
        let mut batch = records.map_err(|error| error.to_string())?;
        batch.retain(|record| record["eventName"] == "INSERT");
        batch.truncate(10);
        if batch.is_empty() {
            return Ok(true);
        }
        let response = self.invoke_mailer(json!({"Records": batch})).await?;
        let is_done = |record: &Value| {
            let response = response.as_ref();
            response.is_some_and(|response| !outbox::is_reported(response, record))
        };
        let done = batch.iter().take_while(|record| is_done(record)).count();
        if let Some(last) = batch.get(..done).and_then(<[_]>::last) {
            self.checkpoint
                .replace(Some(sequence_number(last).to_owned()));
        }
        Ok(done == batch.len())
    }

    /// Plays an event of SES, repeatedly until it is recorded.
    pub(crate) async fn play(&self, event: SesEvent, email: &Email) -> StepResult {
        let now = self.world.clock.now();
        let document = self.world.ses_document(event, email, now).to_string();
        for _ in 0..MAX_ATTEMPTS {
            let recorded = self.world.publish(&document).await;
            let invocation = self.end_invocation();
            let Err(why) = recorded else { return Ok(()) };
            let had_reason = invocation.failed() > 0 && !self.is_hidden(invocation);
            ensure!(
                had_reason,
                "an event was refused, but no call failed: {why}"
            );
            self.advance(secs(2));
        }
        Err("an event is refused for ever".to_owned())
    }

    /// Invokes the mailer; returns nothing if a fault crashed it.
    async fn invoke_mailer(&self, event: Value) -> StepResult<Option<Value>> {
        let response = self.world.portal.invoke("mailer", event).await;
        let invocation = self.end_invocation();
        if let Err(why) = &response {
            ensure!(invocation.crashed, "the mailer crashed by itself: {why}");
        }
        Ok(response.ok())
    }
}

fn sequence_number(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"]
        .as_str()
        .unwrap_or_default()
}
