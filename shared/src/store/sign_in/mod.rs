//! Signing in with a password (promise 1). Until the password turns out right, every address costs
//! the same calls, whether or not a user has it.

mod begin_attempt;
mod complete;
mod limits;
mod record_failure;

use crate::domain::password::hash::PasswordHash;
use crate::domain::user::{Status, User};
use limits::FailureStreak;

pub use complete::PasswordSignIn;
pub use limits::PasswordLimits;

/// An attempt that has been counted and whose password has not been verified.
pub struct PasswordAttempt {
    account: Option<Account>,
    streak: FailureStreak,
    /// True after too many consecutive failures: then the right password is refused as well.
    pub capped: bool,
}

struct Account {
    user: User,
    password: Option<PasswordHash>,
    sign_ins: u64,
}

impl PasswordAttempt {
    /// Returns the user if there is one and they are active.
    pub fn active_user(&self) -> Option<&User> {
        self.account
            .as_ref()
            .map(|account| &account.user)
            .filter(|user| user.status == Status::Active)
    }

    /// Returns the hash to verify the password against.
    pub fn password(&self) -> Option<&PasswordHash> {
        self.account.as_ref()?.password.as_ref()
    }

    fn sign_ins(&self) -> u64 {
        sign_ins(self.account.as_ref())
    }
}

/// Returns the number of sign-ins of an account, 0 if there is no account.
fn sign_ins(account: Option<&Account>) -> u64 {
    account.map_or(0, |account| account.sign_ins)
}
