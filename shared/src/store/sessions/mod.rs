//! The `sessions` table: one row for each session.

mod count;
mod erase;
mod find;
mod list;
mod revoke;
mod revoke_others;
pub(super) mod session_item;
mod touch;
