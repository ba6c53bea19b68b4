//! Finds a user by their address.

use crate::domain::address::EmailAddress;
use crate::domain::user::User;
use crate::store::users::user_item;
use crate::store::{Store, Unavailable};

impl Store {
    /// Returns the user who has this address.
    ///
    /// Costs 2 strongly consistent reads, one after the other, or 1 if nobody has the address.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a row cannot be read.
    pub async fn find_user_by_address(
        &self,
        address: &EmailAddress,
    ) -> Result<Option<User>, Unavailable> {
        let key = user_item::claim_key(address);
        let claim = self
            .read_item("find_user_by_address", &self.tables.users, key)
            .await?;
        let Some(claim) = claim else { return Ok(None) };
        let id = user_item::claimed_by(&claim).ok_or_else(|| Unavailable::unreadable("users"))?;
        self.find_user(&id).await
    }
}
