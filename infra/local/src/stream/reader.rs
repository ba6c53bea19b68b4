//! Reading the records of a table's stream.

use crate::json::at;
use crate::template::REGION;
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::streams::{shard_id, stream_arn};
use dynoxide::{Database, DynoxideError};
use serde_json::{Value, json};

/// Reads a table's stream in order.
pub(super) struct StreamReader {
    database: Database,
    table: String,
    /// The sequence number of the last record that was read.
    pub(super) position: Option<String>,
}

impl StreamReader {
    /// Returns a reader of the records after the one with the sequence number `after`, or of all.
    pub(super) fn new(database: &Database, table: &str, after: Option<String>) -> Self {
        Self {
            database: database.clone(),
            table: table.to_owned(),
            position: after,
        }
    }

    /// Returns the next records as Lambda hands them to a function; none if nothing was written.
    ///
    /// # Errors
    /// A [`DynoxideError`] if the stream cannot be read.
    pub(super) fn read(&mut self) -> Result<Vec<Value>, DynoxideError> {
        let iterator_type = if self.position.is_some() {
            "AFTER_SEQUENCE_NUMBER"
        } else {
            "TRIM_HORIZON"
        };
        let iterator = self.database.get_shard_iterator(GetShardIteratorRequest {
            stream_arn: arn(&self.table),
            shard_id: shard_id(&self.table),
            shard_iterator_type: iterator_type.to_owned(),
            sequence_number: self.position.clone(),
        })?;
        let page = self.database.get_records(GetRecordsRequest {
            shard_iterator: iterator.shard_iterator.unwrap_or_default(),
            limit: None,
        })?;
        if let Some(last) = page.records.last() {
            self.position = Some(last.dynamodb.sequence_number.clone());
        }
        let records = page.records.iter();
        Ok(records
            .map(|record| self.event_record(json!(record)))
            .collect())
    }

    fn event_record(&self, mut record: Value) -> Value {
        if let Some(fields) = record.as_object_mut() {
            fields.insert("eventSourceARN".to_owned(), arn(&self.table).into());
            fields.insert("awsRegion".to_owned(), REGION.into());
        }
        record
    }
}

/// Returns the sequence number of the newest record of a table's stream, if there is any.
///
/// # Errors
/// A [`DynoxideError`] if the table has no stream.
pub(crate) fn newest_sequence_number(
    database: &Database,
    table: &str,
) -> Result<Option<String>, DynoxideError> {
    let request = DescribeStreamRequest {
        stream_arn: arn(table),
        ..Default::default()
    };
    let stream = database.describe_stream(request)?.stream_description;
    Ok(stream
        .shards
        .into_iter()
        .find_map(|shard| shard.sequence_number_range.ending_sequence_number))
}

/// Returns the records of a table's stream after the one with the sequence number `after`, or all.
///
/// # Errors
/// A [`DynoxideError`] if the table has no stream.
pub(crate) fn read_all(
    database: &Database,
    table: &str,
    after: Option<&str>,
) -> Result<Vec<Value>, DynoxideError> {
    let mut reader = StreamReader::new(database, table, after.map(str::to_owned));
    let mut records = reader.read()?;
    while let more @ [_, ..] = reader.read()?.as_slice() {
        records.extend_from_slice(more);
    }
    Ok(records)
}

fn arn(table: &str) -> String {
    stream_arn(table, "local")
}

pub(super) fn sequence_number(record: &Value) -> &str {
    at(record, "/dynamodb/SequenceNumber")
        .as_str()
        .unwrap_or_default()
}
