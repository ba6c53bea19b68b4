//! Signing in with a password (promise 1). Until the password turns out right, every address costs
//! the same calls, whether or not a user has it.

mod begin_attempt;
mod change_password;
mod complete;
mod confirm;
mod forget_attempt;
mod limits;

use crate::domain::ids::IdempotencyKeyHash;
use crate::domain::link::REPLAY_WINDOW;
use crate::domain::password::hash::PasswordHash;
use crate::domain::time::Timestamp;
use crate::domain::user::{Status, User};

pub use change_password::PasswordChange;
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
    /// The idempotency key of the last change of the password that had one, and its time.
    password_change: Option<(IdempotencyKeyHash, Timestamp)>,
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

    /// Returns whether a change of the password under this key is less old than the replay window.
    pub fn may_repeat_change(&self, key: &IdempotencyKeyHash, now: Timestamp) -> bool {
        let account = self.account.as_ref();
        let change = account.and_then(|account| account.password_change.as_ref());
        change.is_some_and(|(earlier, at)| earlier == key && now.since(*at) <= REPLAY_WINDOW)
    }
}
