//! Suppressed addresses: one row of the `emails` table for each, next to the emails to the address.

mod find;
mod forget;
mod lift;
mod suppress;
pub(in crate::store) mod suppression_item;
