//! Counts attempts at the codes of links (promise 1).

use crate::domain::ids::LinkId;
use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;
use crate::store::links::{StoredLink, link_item};
use crate::store::{Store, Unavailable};

/// The attempts that were counted for one code.
pub struct CodeAttempts {
    /// The links whose limits were not reached, as far as they exist.
    pub links: Vec<StoredLink>,
    /// Number of further codes that may be tried, for whichever link allows most.
    pub left: u64,
}

impl Store {
    /// Counts one attempt at each link, whether or not the link exists.
    ///
    /// Costs 1 update for each link, concurrently with 1 strongly consistent batch of 1 read for
    /// each link.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a row cannot be read.
    pub async fn count_code_attempts(
        &self,
        attempts: Vec<(LinkId, RateLimit)>,
        now: Timestamp,
    ) -> Result<CodeAttempts, Unavailable> {
        let keys = attempts
            .iter()
            .map(|(link, _)| link_item::key(link))
            .collect();
        let read = self.read_items("count_code_attempts", [(&self.tables.links, keys)]);
        let (counted, found) = tokio::join!(self.count_within_limits(attempts, now), read);
        let (counted, left) = counted?;
        let [rows] = found?;
        let links: Option<Vec<_>> = rows.iter().map(link_item::from_item).collect();
        let mut links = links.ok_or_else(|| Unavailable::unreadable("links"))?;
        links.retain(|stored| counted.contains(&stored.link.id));
        Ok(CodeAttempts { links, left })
    }

    /// Returns the links whose limits were not reached, and the number of attempts left.
    async fn count_within_limits(
        &self,
        attempts: Vec<(LinkId, RateLimit)>,
        now: Timestamp,
    ) -> Result<(Vec<LinkId>, u64), Unavailable> {
        let (mut counted, mut most_left) = (Vec::new(), 0);
        for (link, limit) in attempts {
            let left = self.count_down("count_code_attempts", &limit, now).await?;
            if let Some(left) = left {
                counted.push(link);
                most_left = most_left.max(left);
            }
        }
        Ok((counted, most_left))
    }
}
