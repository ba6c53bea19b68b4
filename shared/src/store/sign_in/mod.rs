//! Signing in with a password (promise 1). Until the password turns out right, every address costs
//! the same calls, whether or not a user has it.

mod begin_attempt;
mod complete;
mod confirm;
mod forget_attempt;
mod limits;

use crate::domain::password::hash::PasswordHash;
use crate::domain::user::{Status, User};

pub use complete::{CompleteOutcome, PasswordSignIn};
pub use limits::PasswordLimits;

/// An attempt that has been counted and whose password has not been verified.
pub struct PasswordAttempt {
    account: Option<Account>,
    /// Is false where the limit of the address is reached: then no password is right.
    allowed: bool,
    /// Is true if a known browser made the attempt, by its own limit.
    by_known_browser: bool,
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

    /// Returns the hash to verify the password against: none if the limit of the address is
    /// reached, so that the guess is never compared.
    pub fn password(&self) -> Option<&PasswordHash> {
        let account = self.account.as_ref().filter(|_| self.allowed);
        account?.password.as_ref()
    }
}
