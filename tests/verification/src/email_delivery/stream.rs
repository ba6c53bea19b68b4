//! The stream of queued emails: records come in any order, some of them again.

use crate::outbox::{deliver, is_reported, queued};
use crate::rng::Rng;
use kit::World;
use serde_json::Value;

/// The number of times that a record is delivered before the stream gives it up to the sweep.
const ATTEMPTS: u32 = 6;
const BATCH: usize = 10;

#[derive(Default)]
pub(super) struct Stream {
    cursor: Option<String>,
    /// The records to deliver, and the number of times that each was delivered.
    pending: Vec<(Value, u32)>,
    /// The latest records that are done.
    delivered: Vec<Value>,
}

impl Stream {
    /// Delivers up to a batch of records, with some that were delivered before.
    pub(super) async fn deliver(&mut self, world: &World, rng: &mut Rng) -> Result<(), String> {
        let new = queued(world, &mut self.cursor)?;
        self.pending
            .extend(new.into_iter().map(|record| (record, 0)));
        let mut batch = vec![];
        while batch.len() < BATCH && !self.pending.is_empty() {
            let chosen = rng.below(self.pending.len());
            batch.push(self.pending.swap_remove(chosen));
        }
        let mut records: Vec<_> = batch.iter().map(|(record, _)| record.clone()).collect();
        if rng.one_in(5) {
            records.extend(rng.choose(&self.delivered).cloned());
        }
        if records.is_empty() {
            return Ok(());
        }
        let response = deliver(world, &records).await;
        for (record, attempts) in batch {
            let is_done = response
                .as_ref()
                .is_ok_and(|response| !is_reported(response, &record));
            if is_done || attempts + 1 == ATTEMPTS {
                self.delivered.push(record);
            } else {
                self.pending.push((record, attempts + 1));
            }
        }
        let old = self.delivered.len().saturating_sub(50);
        self.delivered.drain(..old);
        Ok(())
    }
}
