//! The `links` table: one row for each emailed link.

mod check;
mod complete;
mod confirm;
mod consume;
mod count_code_attempts;
mod find_uses;
pub(super) mod link_item;
mod redeem;
mod report;
mod reset_password;

pub use check::LinkCheck;
pub use consume::LinkError;
pub use count_code_attempts::{CodeAttempts, CodeLimits};
pub use link_item::StoredLink;
pub use redeem::Redeem;
pub use report::ReportableNotice;
pub use reset_password::PasswordReset;
