//! Finds out which links have been used.

use crate::domain::ids::LinkId;
use crate::domain::time::Timestamp;
use crate::store::item::text;
use crate::store::links::link_item;
use crate::store::{Store, Unavailable};
use std::collections::HashMap;

impl Store {
    /// Returns those of at most 100 links that have been used, each with the time. The row of a
    /// used link is kept as long as its email.
    ///
    /// Costs 1 strongly consistent batch of 1 read for each link, or nothing for none.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn find_link_uses(
        &self,
        links: &[&LinkId],
    ) -> Result<HashMap<LinkId, Timestamp>, Unavailable> {
        if links.is_empty() {
            return Ok(HashMap::new());
        }
        let keys = links.iter().map(|link| link_item::key(link)).collect();
        let read = self.read_items("find_link_uses", [(&self.tables.links, keys)]);
        let [rows] = read.await?;
        let used = rows.iter().filter_map(|row| {
            let id = LinkId::parse(text(row, "pk")?)?;
            Some((id, link_item::redemption(row)?.at))
        });
        Ok(used.collect())
    }
}
