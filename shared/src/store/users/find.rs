//! Finds a user by their id.

use crate::domain::ids::UserId;
use crate::domain::user::User;
use crate::store::item::Item;
use crate::store::users::user_item;
use crate::store::{Store, Unavailable};

impl Store {
    /// Returns the user who has this id.
    ///
    /// Costs 1 strongly consistent read.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or the row cannot be read.
    pub async fn find_user(&self, id: &UserId) -> Result<Option<User>, Unavailable> {
        match self.read_user_item(id).await? {
            Some(item) => user_item::read(&item),
            None => Ok(None),
        }
    }

    pub(in crate::store) async fn read_user_item(
        &self,
        id: &UserId,
    ) -> Result<Option<Item>, Unavailable> {
        self.read_item("find_user", &self.tables.users, user_item::user_key(id))
            .await
    }
}
