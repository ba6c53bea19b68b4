//! Table streams: reading them, and the mapping that hands their records to a function.

mod drops;
mod mapping;

pub(crate) use drops::watch_drops;
pub(crate) use mapping::{Consumer, Progress};

use crate::json::at;
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::streams::{shard_id, stream_arn};
use dynoxide::{Database, DynoxideError};
use serde_json::{Value, json};

/// Reads a table's stream in order.
pub(crate) struct Reader {
    database: Database,
    table: String,
    /// The sequence number of the last record read.
    after: Option<String>,
}

impl Reader {
    /// Reads on after the record numbered `after`, or from the oldest.
    pub(crate) fn new(database: &Database, table: &str, after: Option<String>) -> Self {
        Self {
            database: database.clone(),
            table: table.to_owned(),
            after,
        }
    }

    /// The records that have come since, as Lambda would hand them over.
    fn next(&mut self) -> Result<Vec<Value>, DynoxideError> {
        let kind = if self.after.is_some() {
            "AFTER_SEQUENCE_NUMBER"
        } else {
            "TRIM_HORIZON"
        };
        let iterator = self.database.get_shard_iterator(GetShardIteratorRequest {
            stream_arn: arn(&self.table),
            shard_id: shard_id(&self.table),
            shard_iterator_type: kind.to_owned(),
            sequence_number: self.after.clone(),
        })?;
        let shard_iterator = iterator.shard_iterator.unwrap_or_default();
        let read = self.database.get_records(GetRecordsRequest {
            shard_iterator,
            limit: None,
        })?;
        if let Some(last) = read.records.last() {
            self.after = Some(last.dynamodb.sequence_number.clone());
        }
        Ok(read
            .records
            .iter()
            .map(|record| self.as_event(json!(record)))
            .collect())
    }

    fn as_event(&self, record: Value) -> Value {
        let Value::Object(mut fields) = record else {
            return record;
        };
        fields.insert("eventSourceARN".to_owned(), arn(&self.table).into());
        fields.insert("awsRegion".to_owned(), crate::template::REGION.into());
        Value::Object(fields)
    }
}

/// The sequence number of the last record of a table's stream.
pub(crate) fn newest(database: &Database, table: &str) -> Result<Option<String>, DynoxideError> {
    let request = DescribeStreamRequest {
        stream_arn: arn(table),
        ..Default::default()
    };
    let described = database.describe_stream(request)?.stream_description;
    Ok(described
        .shards
        .into_iter()
        .find_map(|shard| shard.sequence_number_range.ending_sequence_number))
}

/// The records of a table's stream so far, after the one with this sequence number.
pub(crate) fn records(
    database: &Database,
    table: &str,
    after: Option<&str>,
) -> Result<Vec<Value>, DynoxideError> {
    let mut reader = Reader::new(database, table, after.map(str::to_owned));
    let mut records = reader.next()?;
    while let more @ [_, ..] = reader.next()?.as_slice() {
        records.extend_from_slice(more);
    }
    Ok(records)
}

fn arn(table: &str) -> String {
    stream_arn(table, "local")
}

fn sequence_number(record: &Value) -> &str {
    at(record, "/dynamodb/SequenceNumber")
        .as_str()
        .unwrap_or_default()
}
