//! The `sessions` table: one row per session.

mod find;
mod list;
mod revoke;
pub(super) mod session_item;
