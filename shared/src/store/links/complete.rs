//! Completes a link that was read from its token.

use crate::domain::link::{Link, LinkAccount, LinkNext};
use crate::store::links::link_item;
use crate::store::{Store, Unavailable};

impl Store {
    /// Returns `link` with what only its row holds: a long `next`, and the name of a new user. If
    /// the row has been removed, the link has no `next` and the name is empty.
    ///
    /// Costs 1 strongly consistent read if the token left something to the row, else nothing.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn complete_link(&self, link: Link) -> Result<Link, Unavailable> {
        let is_new = matches!(link.account, LinkAccount::New { .. });
        if link.next != LinkNext::Stored && !is_new {
            return Ok(link);
        }
        let key = link_item::key(&link.id);
        let row = self
            .read_item("complete_link", &self.tables.links, key)
            .await?;
        let stored = row.as_ref().and_then(link_item::from_item);
        Ok(match stored {
            Some(stored) => Link {
                next: stored.link.next,
                account: stored.link.account,
                ..link
            },
            None if link.next == LinkNext::Stored => Link {
                next: LinkNext::None,
                ..link
            },
            None => link,
        })
    }
}
