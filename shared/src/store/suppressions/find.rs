//! Finds the suppression of an address.

use crate::domain::email::Suppression;
use crate::domain::ids::KeyedHash;
use crate::store::suppressions::suppression_item;
use crate::store::{Store, Unavailable};

impl Store {
    /// Returns the suppression of an address, or `None` if it is not suppressed.
    ///
    /// Costs 1 strongly consistent read.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn find_suppression(
        &self,
        to: &KeyedHash,
    ) -> Result<Option<Suppression>, Unavailable> {
        let key = suppression_item::key(to);
        let item = self.read_item("find_suppression", &self.tables.emails, key);
        Ok(item.await?.as_ref().and_then(suppression_item::from_item))
    }
}
