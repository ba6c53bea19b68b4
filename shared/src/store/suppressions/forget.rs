//! Forgets why an address is suppressed.

use crate::domain::ids::KeyedHash;
use crate::domain::time::Timestamp;
use crate::store::item::n;
use crate::store::{Store, Unavailable};

impl Store {
    /// Removes the provider's words from the suppression of an address, which may name it. The
    /// address stays suppressed. A suppression since `until` belongs to the next user who has the
    /// address.
    ///
    /// Costs 1 update.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn forget_suppression_words(
        &self,
        to: &KeyedHash,
        until: Timestamp,
    ) -> Result<(), Unavailable> {
        let forgotten = self
            .suppression_row(to)
            .remove("detail")
            .when("attribute_exists(detail) AND suppressed_at <= :until")
            .values([(":until", n(until.millis()))]);
        self.update("forget_suppression_words", forgotten)
            .await
            .map(|_forgotten| ())
    }
}
