//! An event source mapping: filters, batches, retries from the lowest failure, bisection and
//! maximum age.

use super::filter::{is_supported, matches};
use super::reader::{StreamReader, newest_sequence_number, sequence_number};
use crate::json::at;
use crate::lambda::Lambda;
use crate::template::MappingSettings;
use dynoxide::{Database, DynoxideError};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::config::StartError;
use shared::domain::time::Timestamp;
use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;

/// The pause before a failed batch is retried.
const RETRY_DELAY: Duration = Duration::from_millis(200);
/// The interval at which the stream is read even if no write was noticed.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The position up to which a mapping has consumed its stream.
#[derive(Clone, Default)]
pub(crate) struct MappingProgress {
    sequence_number: Option<String>,
}

/// The records of one invocation.
struct Batch {
    records: Vec<Value>,
    retries: i64,
}

/// Hands the records of one stream to one function.
pub(crate) struct EventSourceMapping {
    reader: StreamReader,
    settings: MappingSettings,
    patterns: Vec<Value>,
    lambda: Lambda,
    clock: Clock,
    pending: VecDeque<Batch>,
    progress: watch::Sender<MappingProgress>,
    checkpoint: Option<PathBuf>,
}

impl EventSourceMapping {
    /// Starts after the sequence number in the file `checkpoint`, or where the settings say.
    ///
    /// # Errors
    /// A [`StartError`] if a filter is not supported or the table has no stream.
    pub(crate) fn new(
        database: &Database,
        settings: MappingSettings,
        lambda: Lambda,
        clock: Clock,
        checkpoint: Option<PathBuf>,
    ) -> Result<Self, StartError> {
        let patterns = settings.patterns()?;
        if let Some(pattern) = patterns.iter().find(|pattern| !is_supported(pattern)) {
            return Err(StartError(format!(
                "The local gateway supports only string comparisons, \
                 not the stream filter {pattern}."
            )));
        }
        let newest = newest_sequence_number(database, settings.table()).map_err(|error| {
            StartError(format!(
                "Could not read the stream {}: {error}.",
                settings.stream
            ))
        })?;
        let after = checkpoint
            .as_ref()
            .and_then(|file| fs::read_to_string(file).ok())
            .or(newest.filter(|_| settings.starting_position == "LATEST"));
        let progress = watch::Sender::new(MappingProgress {
            sequence_number: after.clone(),
        });
        Ok(Self {
            reader: StreamReader::new(database, settings.table(), after),
            settings,
            patterns,
            lambda,
            clock,
            pending: VecDeque::new(),
            progress,
            checkpoint,
        })
    }

    pub(crate) fn progress(&self) -> watch::Receiver<MappingProgress> {
        self.progress.subscribe()
    }

    /// Consumes the stream without end. A change of `written` makes it read the stream at once.
    pub(crate) async fn run(mut self, mut written: watch::Receiver<()>) {
        loop {
            written.mark_unchanged();
            match self.step().await {
                Ok(true) => {}
                Ok(false) => {
                    let _either = tokio::time::timeout(POLL_INTERVAL, written.changed()).await;
                }
                Err(error) => {
                    tracing::error!(
                        %error,
                        table = self.settings.table(),
                        "could not read the stream"
                    );
                    tokio::time::sleep(POLL_INTERVAL).await;
                }
            }
        }
    }

    /// Invokes the function once, or reads the stream once. Returns whether there was anything to
    /// do.
    async fn step(&mut self) -> Result<bool, DynoxideError> {
        self.discard_old_records();
        if let Some(batch) = self.pending.pop_front() {
            self.deliver(batch).await;
            self.save_progress();
            return Ok(true);
        }
        let mut records = self.reader.read()?;
        if records.is_empty() {
            return Ok(false);
        }
        records.retain(|record| self.passes_filters(record));
        let batches = records.chunks(self.settings.batch_size.max(1));
        self.pending.extend(batches.map(|records| Batch {
            records: records.to_vec(),
            retries: 0,
        }));
        self.save_progress();
        Ok(true)
    }

    async fn deliver(&mut self, mut batch: Batch) {
        let response = self
            .lambda
            .invoke(json!({ "Records": batch.records }))
            .await;
        let retry = match &response {
            // Halving a batch does not count as a retry.
            Err(_) if self.settings.bisect_batch_on_function_error && batch.records.len() > 1 => {
                let second_half = batch.records.split_off(batch.records.len() / 2);
                self.pending.push_front(Batch {
                    records: second_half,
                    retries: batch.retries,
                });
                Some(batch)
            }
            Err(_) => self.retry(batch.records, batch.retries),
            Ok(response) => self
                .lowest_failure(response, &batch.records)
                .and_then(|index| self.retry(batch.records.split_off(index), batch.retries)),
        };
        if let Some(batch) = retry {
            self.pending.push_front(batch);
            tokio::time::sleep(RETRY_DELAY).await;
        }
    }

    /// Returns the batch to deliver again, or `None` if the records have failed too often.
    fn retry(&self, records: Vec<Value>, retries: i64) -> Option<Batch> {
        let limit = self.settings.maximum_retry_attempts;
        if limit < 0 || retries < limit {
            return Some(Batch {
                records,
                retries: retries + 1,
            });
        }
        tracing::warn!(
            discarded = records.len(),
            table = self.settings.table(),
            "discarded stream records that failed too often"
        );
        None
    }

    /// Returns the index of the first record that failed. An id that is not in the batch fails all
    /// of it.
    fn lowest_failure(&self, response: &Value, batch: &[Value]) -> Option<usize> {
        let response_types = &self.settings.function_response_types;
        if !response_types
            .iter()
            .any(|name| name == "ReportBatchItemFailures")
        {
            return None;
        }
        let failures = at(response, "/batchItemFailures").as_array();
        let index_of = |failure: &Value| {
            let id = at(failure, "/itemIdentifier").as_str();
            let index = batch
                .iter()
                .position(|record| id == Some(sequence_number(record)));
            index.unwrap_or_default()
        };
        failures.into_iter().flatten().map(index_of).min()
    }

    fn passes_filters(&self, record: &Value) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| matches(pattern, record))
    }

    fn discard_old_records(&mut self) {
        let Ok(max_age @ 1..) = u64::try_from(self.settings.maximum_record_age_in_seconds) else {
            return;
        };
        let now = self.clock.now();
        let max_age = Duration::from_secs(max_age);
        let mut discarded = 0;
        for batch in &mut self.pending {
            let before = batch.records.len();
            batch
                .records
                .retain(|record| now.since(written_at(record)) <= max_age);
            discarded += before - batch.records.len();
        }
        self.pending.retain(|batch| !batch.records.is_empty());
        if discarded > 0 {
            tracing::warn!(
                discarded,
                table = self.settings.table(),
                "discarded stream records that were too old"
            );
            self.save_progress();
        }
    }

    /// Publishes and stores the position before the first pending record.
    fn save_progress(&self) {
        let first = self.pending.front().and_then(|batch| batch.records.first());
        let consumed = match first.map(|record| sequence_number(record).parse::<u128>()) {
            Some(Ok(number)) => Some((number - 1).to_string()),
            _ => self.reader.position.clone(),
        };
        if let (Some(file), Some(consumed)) = (&self.checkpoint, &consumed)
            && let Err(error) = fs::write(file, consumed)
        {
            tracing::error!(%error, "could not store the stream's checkpoint");
        }
        self.progress
            .send_modify(|progress| progress.sequence_number = consumed);
    }
}

impl MappingProgress {
    /// Returns whether the record with this sequence number, and all before it, are consumed.
    pub(crate) fn has_consumed(&self, sequence_number: &str) -> bool {
        // Sequence numbers have 21 digits each, so that they compare as text.
        self.sequence_number
            .as_deref()
            .is_some_and(|consumed| consumed >= sequence_number)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds since 1970, without the fraction"
)]
fn written_at(record: &Value) -> Timestamp {
    let seconds = at(record, "/dynamodb/ApproximateCreationDateTime").as_f64();
    Timestamp::from_secs(seconds.unwrap_or_default() as u64)
}
