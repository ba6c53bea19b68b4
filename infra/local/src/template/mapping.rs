//! The settings of an event source mapping.

use serde::Deserialize;
use serde_json::Value;
use shared::config::StartError;

/// The settings of an event source mapping: the properties of SAM's `DynamoDB` event.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct MappingSettings {
    /// The ARN of the stream.
    pub stream: String,
    /// The position of the first read: `TRIM_HORIZON` or `LATEST`.
    pub starting_position: String,
    /// The maximum number of records in one invocation.
    #[serde(default = "default_batch_size")]
    pub batch_size: usize,
    /// Halves a batch that failed as a whole before it is retried.
    #[serde(default)]
    pub bisect_batch_on_function_error: bool,
    /// The maximum number of retries of a batch. A negative number means no limit.
    #[serde(default = "no_limit")]
    pub maximum_retry_attempts: i64,
    /// The maximum age of a record, in seconds. Zero and less mean no limit.
    #[serde(default)]
    pub maximum_record_age_in_seconds: i64,
    /// The maximum number of invocations at the same time for one shard. Here there is one.
    #[serde(default, rename = "ParallelizationFactor")]
    _parallelization_factor: u8,
    /// Contains `ReportBatchItemFailures` if the function's response names the failed records.
    #[serde(default)]
    pub function_response_types: Vec<String>,
    #[serde(default)]
    filter_criteria: FilterCriteria,
    /// The destination of discarded records, which are only logged here.
    #[serde(default, rename = "DestinationConfig")]
    _destination_config: Value,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterCriteria {
    filters: Vec<Filter>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    pattern: String,
}

impl MappingSettings {
    /// Returns the name of the table that the stream belongs to.
    pub fn table(&self) -> &str {
        self.stream.split('/').nth(1).unwrap_or_default()
    }

    /// Returns the patterns of the filters. A record passes if it matches one of them, or if there
    /// are none.
    ///
    /// # Errors
    /// A [`StartError`] if a pattern is not JSON.
    pub fn patterns(&self) -> Result<Vec<Value>, StartError> {
        let filters = self.filter_criteria.filters.iter();
        filters
            .map(|filter| serde_json::from_str(&filter.pattern))
            .collect::<Result<_, _>>()
            .map_err(|error| StartError(format!("A filter in template.yaml is not JSON: {error}.")))
    }
}

const fn default_batch_size() -> usize {
    100
}

const fn no_limit() -> i64 {
    -1
}
