//! The `audit` table: records are put and read, and never updated or deleted.

mod audit_item;
mod find;
mod list;
mod record;

pub use find::EventFilter;
