//! The `audit` table: records are put and read, and never updated or deleted.

mod audit_item;
mod filter;
mod find;
mod list;
mod record;

pub use filter::EventFilter;
