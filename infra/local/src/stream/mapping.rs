//! An event source mapping: filter, batches, checkpoint at the lowest failure, bisection, age.

use super::{Reader, newest, sequence_number};
use crate::json::at;
use crate::lambda::Lambda;
use crate::shutdown::ShutdownSignal;
use crate::template::Mapping;
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

/// How long a failed batch rests.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// How often the stream is looked at although nothing was seen to be written.
const POLL_EVERY: Duration = Duration::from_secs(1);

/// How far a mapping has come.
#[derive(Clone, Default)]
pub(crate) struct Progress {
    /// Everything up to this sequence number is done with.
    consumed: Option<String>,
}

/// Records that go into an invocation together.
struct Batch {
    records: Vec<Value>,
    retries: i64,
}

/// Hands the records of one stream to one function.
pub(crate) struct Consumer {
    reader: Reader,
    mapping: Mapping,
    patterns: Vec<Value>,
    lambda: Lambda,
    clock: Clock,
    work: VecDeque<Batch>,
    progress: watch::Sender<Progress>,
    checkpoint: Option<PathBuf>,
}

impl Consumer {
    /// Goes on where `checkpoint` says; without one, where the mapping says.
    ///
    /// # Errors
    /// A filter that this gateway does not understand, or a table without a stream.
    pub(crate) fn new(
        database: &Database,
        mapping: Mapping,
        lambda: Lambda,
        clock: Clock,
        checkpoint: Option<PathBuf>,
    ) -> Result<Self, StartError> {
        let patterns = mapping.patterns()?;
        if let Some(pattern) = patterns.iter().find(|pattern| !is_simple(pattern)) {
            return Err(StartError(format!(
                "The local gateway supports only string comparisons, \
                 not the stream filter {pattern}."
            )));
        }
        let no_stream = |error: DynoxideError| {
            StartError(format!(
                "Could not read the stream {}: {error}.",
                mapping.stream
            ))
        };
        let latest = newest(database, mapping.table()).map_err(no_stream)?;
        let start = if mapping.starting_position == "LATEST" {
            latest
        } else {
            None
        };
        let after = checkpoint
            .as_ref()
            .and_then(|file| fs::read_to_string(file).ok())
            .or(start);
        let progress = watch::Sender::new(Progress {
            consumed: after.clone(),
        });
        let reader = Reader::new(database, mapping.table(), after);
        Ok(Self {
            reader,
            mapping,
            patterns,
            lambda,
            clock,
            work: VecDeque::new(),
            progress,
            checkpoint,
        })
    }

    /// Tells how far it has come.
    pub(crate) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Consumes until `stopping`; `written` wakes it.
    pub(crate) async fn run(mut self, mut written: watch::Receiver<()>, stopping: ShutdownSignal) {
        let consume = async {
            loop {
                written.mark_unchanged();
                match self.step().await {
                    Ok(true) => {}
                    Ok(false) => {
                        let _either = tokio::time::timeout(POLL_EVERY, written.changed()).await;
                    }
                    Err(error) => {
                        tracing::error!(
                            %error,
                            table = self.mapping.table(),
                            "could not read the stream"
                        );
                        tokio::time::sleep(POLL_EVERY).await;
                    }
                }
            }
        };
        tokio::select! {
            () = consume => {}
            () = stopping.wait() => {}
        }
    }

    /// One invocation, or one look at the stream; `false` when there was nothing to do.
    async fn step(&mut self) -> Result<bool, DynoxideError> {
        self.discard_old();
        if let Some(batch) = self.work.pop_front() {
            self.deliver(batch).await;
            self.checkpoint();
            return Ok(true);
        }
        let records = self.reader.next()?;
        if records.is_empty() {
            return Ok(false);
        }
        let wanted: Vec<_> = records
            .into_iter()
            .filter(|record| self.wants(record))
            .collect();
        let batches = wanted.chunks(self.mapping.batch_size.max(1));
        self.work.extend(batches.map(|records| Batch {
            records: records.to_vec(),
            retries: 0,
        }));
        self.checkpoint();
        Ok(true)
    }

    async fn deliver(&mut self, mut batch: Batch) {
        let answer = self
            .lambda
            .invoke(json!({ "Records": batch.records }))
            .await;
        let again = match &answer {
            // Halving does not count as a retry.
            Err(_) if self.mapping.bisect_batch_on_function_error && batch.records.len() > 1 => {
                let second = batch.records.split_off(batch.records.len() / 2);
                self.work.push_front(Batch {
                    records: second,
                    retries: batch.retries,
                });
                Some(batch)
            }
            Err(_) => self.retried(batch.records, batch.retries),
            Ok(answer) => {
                let failed = self.lowest_failure(answer, &batch.records);
                failed.and_then(|index| self.retried(batch.records.split_off(index), batch.retries))
            }
        };
        if let Some(again) = again {
            self.work.push_front(again);
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    /// The same once more; `None` where that has been done too often.
    fn retried(&self, records: Vec<Value>, retries: i64) -> Option<Batch> {
        let most = self.mapping.maximum_retry_attempts;
        if most < 0 || retries < most {
            return Some(Batch {
                records,
                retries: retries + 1,
            });
        }
        tracing::warn!(
            discarded = records.len(),
            table = self.mapping.table(),
            "discarded stream records that failed too often"
        );
        None
    }

    /// Where the batch is to be taken up again. An id that is none of the batch's fails all of it.
    fn lowest_failure(&self, answer: &Value, batch: &[Value]) -> Option<usize> {
        if !self
            .mapping
            .function_response_types
            .iter()
            .any(|kind| kind == "ReportBatchItemFailures")
        {
            return None;
        }
        let failures = at(answer, "/batchItemFailures")
            .as_array()
            .into_iter()
            .flatten();
        let place = |failure: &Value| {
            let place = batch.iter().position(|record| {
                at(failure, "/itemIdentifier").as_str() == Some(sequence_number(record))
            });
            place.unwrap_or_default()
        };
        failures.map(place).min()
    }

    fn wants(&self, record: &Value) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| matches(pattern, record))
    }

    fn discard_old(&mut self) {
        let Ok(most @ 1..) = u64::try_from(self.mapping.maximum_record_age_in_seconds) else {
            return;
        };
        let now = self.clock.now();
        let young = |record: &Value| {
            let written = at(record, "/dynamodb/ApproximateCreationDateTime")
                .as_f64()
                .unwrap_or_default();
            now.since(Timestamp::from_secs(whole(written))) <= Duration::from_secs(most)
        };
        let waiting =
            |work: &VecDeque<Batch>| work.iter().map(|batch| batch.records.len()).sum::<usize>();
        let before = waiting(&self.work);
        for batch in &mut self.work {
            batch.records.retain(young);
        }
        self.work.retain(|batch| !batch.records.is_empty());
        let discarded = before - waiting(&self.work);
        if discarded > 0 {
            tracing::warn!(
                discarded,
                table = self.mapping.table(),
                "discarded stream records that were too old"
            );
            self.checkpoint();
        }
    }

    /// Says that everything before the first record still to be done is done with.
    fn checkpoint(&self) {
        let first = self.work.front().and_then(|batch| batch.records.first());
        let consumed = match first.map(|record| sequence_number(record).parse::<u128>()) {
            Some(Ok(number)) => Some((number - 1).to_string()),
            _ => self.reader.after.clone(),
        };
        if let (Some(file), Some(consumed)) = (&self.checkpoint, &consumed)
            && let Err(error) = fs::write(file, consumed)
        {
            tracing::error!(%error, "could not store the stream's checkpoint");
        }
        self.progress
            .send_modify(|progress| progress.consumed = consumed);
    }
}

impl Progress {
    /// Whether everything up to `number` is done with.
    pub(crate) fn has_consumed(&self, number: &str) -> bool {
        // 21 digits each, so that texts compare as numbers do.
        self.consumed
            .as_deref()
            .is_some_and(|consumed| consumed >= number)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds since 1970, without the fraction"
)]
fn whole(seconds: f64) -> u64 {
    seconds as u64
}

/// Lambda's filter patterns, as far as objects and lists of exact strings go.
fn is_simple(pattern: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields.values().all(is_simple),
        Value::Array(values) => values.iter().all(Value::is_string),
        _ => false,
    }
}

fn matches(pattern: &Value, value: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields
            .iter()
            .all(|(name, pattern)| value.get(name).is_some_and(|value| matches(pattern, value))),
        Value::Array(values) => values.contains(value),
        _ => false,
    }
}
