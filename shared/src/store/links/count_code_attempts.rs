//! Counts attempts at the codes of links (promise 1).

use crate::domain::ids::LinkId;
use crate::domain::link::Link;
use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;
use crate::store::links::link_item;
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::{Store, Unavailable};

impl Store {
    /// Counts one attempt at each link, whether or not the link exists. Returns the links whose
    /// limits were not reached, each with the `kid` of the key that signed it.
    ///
    /// Costs 1 transaction of 1 update for each link, concurrently with 1 strongly consistent batch
    /// of 1 read for each link. Costs another transaction if some of the limits are reached.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a row cannot be read.
    pub async fn count_code_attempts(
        &self,
        attempts: Vec<(LinkId, RateLimit)>,
        now: Timestamp,
    ) -> Result<Vec<(Link, String)>, Unavailable> {
        let keys = attempts
            .iter()
            .map(|(link, _)| link_item::key(link))
            .collect();
        let read = self.read_items("count_code_attempts", [(&self.tables.links, keys)]);
        let (counted, found) = tokio::join!(self.count_within_limits(attempts, now), read);
        let counted = counted?;
        let [rows] = found?;
        let links: Option<Vec<_>> = rows.iter().map(link_item::from_item).collect();
        let links = links.ok_or_else(|| Unavailable::unreadable("links"))?;
        Ok(links
            .into_iter()
            .filter(|(link, _)| counted.contains(&link.id))
            .collect())
    }

    /// Counts at the links whose limits are not reached, and returns them. Those whose limits are
    /// reached are left out of a second transaction.
    async fn count_within_limits(
        &self,
        mut attempts: Vec<(LinkId, RateLimit)>,
        now: Timestamp,
    ) -> Result<Vec<LinkId>, Unavailable> {
        while !attempts.is_empty() {
            let counts = attempts
                .iter()
                .map(|(link, limit)| (*link, self.increment(limit, now)));
            let writes = Transaction::new().updates(counts);
            match writes.commit(self, "count_code_attempts").await {
                Ok(()) => break,
                Err(TransactionError::Conditions(limited)) => {
                    attempts.retain(|(link, _)| limited.iter().all(|(other, _)| other != link));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(attempts.into_iter().map(|(link, _)| link).collect())
    }
}
