//! Finds one email of the outbox.

use crate::domain::email::{DeliveryRecord, OutboxEntry, OutboxKey};
use crate::store::outbox::outbox_item;
use crate::store::{Store, Unavailable};

pub enum OutboxLookup {
    Unfinished(Box<OutboxEntry>),
    /// The email is finished, or does not exist.
    Finished,
    /// The email is unfinished, but this version cannot read it.
    Unreadable,
}

impl Store {
    /// Returns an email as the delivery log shows it, or `None` if it does not exist.
    ///
    /// Costs 1 strongly consistent read.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or the row cannot be read.
    pub async fn find_email(&self, key: &OutboxKey) -> Result<Option<DeliveryRecord>, Unavailable> {
        let key = outbox_item::key(key);
        let item = self
            .read_item("find_email", &self.tables.emails, key)
            .await?;
        let Some(item) = item else { return Ok(None) };
        let email = outbox_item::delivery(&item);
        email
            .map(Some)
            .ok_or_else(|| Unavailable::unreadable("emails"))
    }

    /// Returns the email if it exists and is unfinished.
    ///
    /// Costs 1 strongly consistent read.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn find_unfinished_email(
        &self,
        key: &OutboxKey,
    ) -> Result<OutboxLookup, Unavailable> {
        let item = self
            .read_item(
                "find_unfinished_email",
                &self.tables.emails,
                outbox_item::key(key),
            )
            .await?;
        // The row of a finished email may have lost its address, and would not be readable.
        let unfinished = item.filter(outbox_item::is_unfinished);
        Ok(unfinished.map_or(OutboxLookup::Finished, |item| {
            outbox_item::from_item(&item).map_or(OutboxLookup::Unreadable, |entry| {
                OutboxLookup::Unfinished(Box::new(entry))
            })
        }))
    }
}
