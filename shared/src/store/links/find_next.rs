//! Finds the `next` of a link that is too long for the link's token.

use crate::domain::link::{Link, LinkNext};
use crate::domain::next::Next;
use crate::store::links::link_item;
use crate::store::{Store, Unavailable};

impl Store {
    /// Returns the page that `link` redirects to, if it was requested with one and its row has not
    /// been removed yet.
    ///
    /// Costs 1 strongly consistent read if the link does not hold the page itself, else nothing.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn find_next(&self, link: &Link) -> Result<Option<Next>, Unavailable> {
        if link.next != LinkNext::Stored {
            return Ok(link.next.page().cloned());
        }
        let key = link_item::key(&link.id);
        let row = self.read_item("find_next", &self.tables.links, key).await?;
        Ok(row.as_ref().and_then(link_item::next))
    }
}
