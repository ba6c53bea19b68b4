//! Finds the page that a link redirects to.

use crate::domain::ids::LinkId;
use crate::domain::next::Next;
use crate::store::links::link_item;
use crate::store::{Store, Unavailable};

impl Store {
    /// Returns the `next` of a link: for links whose token leaves it to the row.
    ///
    /// Costs 1 strongly consistent read.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn find_link_next(&self, link: &LinkId) -> Result<Option<Next>, Unavailable> {
        let key = link_item::key(link);
        let row = self.read_item("find_link_next", &self.tables.links, key);
        Ok(row.await?.as_ref().and_then(link_item::next))
    }
}
