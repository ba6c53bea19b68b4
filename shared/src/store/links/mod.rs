//! The `links` table: one row for each emailed link.

mod consume;
mod count_code_attempts;
mod find_next;
pub(super) mod link_item;
mod redeem;
mod reset_password;

pub use consume::LinkError;
pub use count_code_attempts::CodeAttempts;
pub use link_item::StoredLink;
pub use redeem::{Redeem, UserTransition};
pub use reset_password::PasswordReset;
