//! Counts attempts at the codes of links, before any code is compared (promise 1).

use crate::domain::address::EmailAddress;
use crate::domain::ids::{LinkId, UserId};
use crate::domain::link::Link;
use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;
use crate::store::item::{Item, text};
use crate::store::links::{StoredLink, link_item};
use crate::store::users::user_item;
use crate::store::{Store, Unavailable};

/// The limits on codes.
pub trait CodeLimits {
    /// Returns the limit on codes for one link.
    fn of_link(&self, link: &LinkId) -> RateLimit;

    /// Returns the limit on codes for the address of a link since its user signed in for the
    /// `sign_ins`-th time. For a link that does not exist it is one that nothing else counts.
    fn of_address(&self, id: &LinkId, link: Option<&Link>, sign_ins: u64) -> RateLimit;
}

/// The attempts that were counted for one code.
pub struct CodeAttempts {
    /// The links whose limits were not reached, as far as they exist.
    pub links: Vec<StoredLink>,
    /// Number of further codes that may be tried, for whichever link allows most.
    pub left: u64,
    /// The address of the first of the links that exist.
    pub address: Option<EmailAddress>,
}

impl Store {
    /// Counts one attempt at each link and at its address, whether or not the link exists.
    ///
    /// Costs 1 strongly consistent batch of 1 read for each link, then another one of users, then 2
    /// updates for each link.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a row cannot be read.
    pub async fn count_code_attempts(
        &self,
        ids: &[LinkId],
        limits: &impl CodeLimits,
        now: Timestamp,
    ) -> Result<CodeAttempts, Unavailable> {
        let mut stored = self.find_links(ids).await?;
        let users = self.find_users(ids, &stored).await?;
        let mut attempts = CodeAttempts {
            links: Vec::new(),
            left: 0,
            address: None,
        };
        for id in ids {
            let position = stored.iter().position(|stored| stored.link.id == *id);
            let found = position.map(|position| stored.swap_remove(position));
            let link = found.as_ref().map(|stored| &stored.link);
            let address = link.map(|link| link.address.clone());
            attempts.address = attempts.address.or(address);
            let sign_ins = link.map_or(0, |link| sign_ins(&users, &link.user));
            let (of_link, of_address) = (limits.of_link(id), limits.of_address(id, link, sign_ins));
            let left = self
                .count_down("count_code_attempts", &of_link, now)
                .await?;
            let Some(left) = left else { continue };
            attempts.left = attempts.left.max(left);
            if self.count("count_code_attempts", &of_address, now).await? {
                attempts.links.extend(found);
            }
        }
        Ok(attempts)
    }

    async fn find_links(&self, ids: &[LinkId]) -> Result<Vec<StoredLink>, Unavailable> {
        let keys = ids.iter().map(link_item::key).collect();
        let read = self.read_items("count_code_attempts", [(&self.tables.links, keys)]);
        let [rows] = read.await?;
        let links: Option<_> = rows.iter().map(link_item::from_item).collect();
        links.ok_or_else(|| Unavailable::unreadable("links"))
    }

    /// Reads as many users as there are links. For a link that does not exist, or whose user is
    /// read already, it is a user who never exists: the number of reads tells nothing about them.
    async fn find_users(
        &self,
        ids: &[LinkId],
        links: &[StoredLink],
    ) -> Result<Vec<Item>, Unavailable> {
        let mut users: Vec<UserId> = Vec::with_capacity(ids.len());
        for id in ids {
            let link = links.iter().find(|stored| stored.link.id == *id);
            let user = link.map(|stored| stored.link.user.clone());
            let new = user.filter(|user| !users.contains(user));
            users.push(new.unwrap_or_else(|| UserId::new(id.first_16())));
        }
        let keys = users.iter().map(user_item::user_key).collect();
        let read = self.read_items("count_code_attempts", [(&self.tables.users, keys)]);
        let [rows] = read.await?;
        Ok(rows)
    }
}

fn sign_ins(users: &[Item], id: &UserId) -> u64 {
    let pk = format!("user#{id}");
    let row = users.iter().find(|row| text(row, "pk") == Some(&pk));
    row.map_or(0, user_item::sign_ins)
}
