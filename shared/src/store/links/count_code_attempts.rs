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
use futures_util::future::join_all;

/// The limits on codes.
pub trait CodeLimits {
    /// Returns the limit on codes for one link.
    fn of_link(&self, link: &LinkId) -> RateLimit;

    /// Returns the limit on codes of this client, if it is a known browser of the link's address.
    /// Only this one counts, until it is reached.
    fn of_known_browser(&self, link: &Link) -> Option<RateLimit>;

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
    /// Counts one attempt at each link and at its address, whether or not the link exists. Links
    /// are counted concurrently: a code costs no more time than a link.
    ///
    /// Costs 1 strongly consistent batch of 1 read for each link, then another one of users, then 2
    /// updates for each link, and 1 more for a known browser that has reached its own limit.
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
        let mut address = None;
        let counts = ids.iter().map(|id| {
            let position = stored.iter().position(|stored| stored.link.id == *id);
            let found = position.map(|position| stored.swap_remove(position));
            address = address
                .take()
                .or_else(|| Some(found.as_ref()?.link.address.clone()));
            self.count_code_attempt(id, found, &users, limits, now)
        });
        let mut attempts = CodeAttempts {
            links: Vec::new(),
            left: 0,
            address: None,
        };
        for counted in join_all(counts).await {
            let Some((left, link)) = counted? else {
                continue;
            };
            attempts.left = attempts.left.max(left);
            attempts.links.extend(link);
        }
        Ok(CodeAttempts {
            address,
            ..attempts
        })
    }

    /// Counts an attempt at one link. Returns the number of further attempts that the link allows,
    /// and the link if its address allows this one; `None` if the link allows none.
    async fn count_code_attempt(
        &self,
        id: &LinkId,
        found: Option<StoredLink>,
        users: &[Item],
        limits: &impl CodeLimits,
        now: Timestamp,
    ) -> Result<Option<(u64, Option<StoredLink>)>, Unavailable> {
        let of_link = limits.of_link(id);
        let left = self
            .count_down("count_code_attempts", &of_link, now)
            .await?;
        let Some(left) = left else { return Ok(None) };
        let link = found.as_ref().map(|stored| &stored.link);
        let own = link.and_then(|link| limits.of_known_browser(link));
        if let Some(own) = own
            && self.count("count_code_attempts", &own, now).await?
        {
            return Ok(Some((left, found)));
        }
        let sign_ins = link.map_or(0, |link| sign_ins(users, &link.user));
        let of_address = limits.of_address(id, link, sign_ins);
        let allowed = self.count("count_code_attempts", &of_address, now).await?;
        Ok(Some((left, found.filter(|_| allowed))))
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
            users.push(new.unwrap_or_else(|| UserId::new(self.random.bytes())));
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
