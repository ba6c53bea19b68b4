//! Adding a user.

use super::items::{put_new, users};
use super::transaction::{Refusal, Transaction};
use super::{Store, Unavailable};
use crate::domain::time::Timestamp;
use crate::domain::user::User;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// The user is there now.
    New,
    /// The address, or the id, is somebody's already; nothing was written.
    Existed,
}

impl Store {
    /// Adds `user` and the claim of her address together, so that an address is never two users'.
    ///
    /// Costs 1 transaction of 2 writes.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn add_user(&self, user: &User, now: Timestamp) -> Result<Added, Unavailable> {
        let new = |item| put_new(&self.tables.users, item);
        let writes = Transaction::new()
            .put((), new(users::to_item(user, now)))
            .put((), new(users::claim(&user.address, &user.id)));
        match writes.commit(self, "add_user").await {
            Ok(()) => Ok(Added::New),
            Err(Refusal::Conditions(_)) => Ok(Added::Existed),
            Err(other) => Err(other.into()),
        }
    }
}
