//! DynamoDB streams, and the event source mappings that hand their records to functions.

mod filter;
mod mapping;
mod reader;
mod undelivered;

pub(crate) use mapping::{EventSourceMapping, MappingProgress};
pub(crate) use reader::{newest_sequence_number, read_all};
pub(crate) use undelivered::report_undelivered;
