//! Completes a link from its row: its token has only what its page shows.

use crate::domain::link::{Link, LinkClaims};
use crate::store::links::link_item;
use crate::store::{Store, Unavailable};

impl Store {
    /// Returns the link that `claims` name, or `None` if its row has been removed.
    ///
    /// Costs 1 strongly consistent read.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn find_link(&self, claims: &LinkClaims) -> Result<Option<Link>, Unavailable> {
        let key = link_item::key(&claims.id);
        let row = self.read_item("find_link", &self.tables.links, key).await?;
        let stored = row.as_ref().and_then(link_item::from_item);
        Ok(stored.map(|stored| stored.link))
    }

    /// Returns the link that `claims` name. If its row has been removed, it belongs to nobody.
    ///
    /// Costs 1 strongly consistent read.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn complete_link(&self, claims: LinkClaims) -> Result<Link, Unavailable> {
        let link = self.find_link(&claims).await?;
        Ok(link.unwrap_or_else(|| claims.without_row()))
    }
}
