//! The `users` table: users, and the claims that make their addresses unique.

mod create;
mod erase;
mod find;
mod find_by_address;
mod list;
mod revoke_all_sessions;
mod update;
pub(super) mod user_item;

pub use create::{CreateOutcome, EarlierUser, NewUser};
pub use list::UserPage;
pub use update::UpdateOutcome;
