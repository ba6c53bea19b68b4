//! The `users` table: users and the claims of their addresses.

mod create;
mod update;
pub(super) mod user_item;

pub use create::{CreateOutcome, NewUser};
pub use update::UpdateOutcome;
