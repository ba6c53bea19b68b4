//! Adding a user.

use super::items::{audit, put_new, users};
use super::transaction::{Refusal, Transaction};
use super::{Store, Unavailable};
use crate::domain::audit::Event;
use crate::domain::ids::UserId;
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
    /// Adds `user`, the claim of her address and `event` together, so that an address is never two users'.
    ///
    /// Costs 1 transaction of 3 puts.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn add_user(&self, user: &User, event: &Event) -> Result<Added, Unavailable> {
        let new = |item| put_new(&self.tables.users, item);
        let writes = Transaction::new()
            .put((), new(users::to_item(user)))
            .put((), new(users::claim(&user.address, &user.id)))
            .put((), audit::put(event, &self.tables.audit, self.random.bytes()));
        match writes.commit(self, "add_user").await {
            Ok(()) => Ok(Added::New),
            Err(Refusal::Conditions(_)) => Ok(Added::Existed),
            Err(other) => Err(other.into()),
        }
    }

    /// The user called `id`. Costs 1 consistent read.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, Unavailable> {
        let get = self.client.get_item().table_name(&self.tables.users).consistent_read(true);
        let got = get.set_key(Some(users::user_key(id))).send().await;
        let item = got.map_err(|error| Unavailable::because("user", &error))?.item;
        item.map(|item| users::from_item(&item).ok_or_else(|| Unavailable::unreadable("users"))).transpose()
    }
}
