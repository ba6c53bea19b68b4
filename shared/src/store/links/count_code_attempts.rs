//! Trying a code (promise 1: a try is counted whether or not there is a link).

use crate::domain::ids::LinkId;
use crate::domain::link::Link;
use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;
use crate::store::links::link_item;
use crate::store::rate_limits;
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::{Store, Unavailable};

impl Store {
    /// Counts one try for each link, and gives those whose tries were not used up, with the names
    /// of their keys. A link that does not exist is counted all the same.
    ///
    /// Costs 1 transaction of as many throttles as there are links (2 where one of several is used
    /// up), and beside it 1 strongly consistent batch of as many reads.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn count_code_attempts(
        &self,
        tries: Vec<(LinkId, RateLimit)>,
        now: Timestamp,
    ) -> Result<Vec<(Link, String)>, Unavailable> {
        let keys = tries.iter().map(|(link, _)| link_item::key(link)).collect();
        let read = self.read_together("count_code_attempts", [(&self.tables.links, keys)]);
        let (counted, found) = tokio::join!(self.count_tries(tries, now), read);
        let (counted, mut found) = (counted?, found?);
        let rows = found.remove(&self.tables.links).unwrap_or_default();
        let links: Option<Vec<_>> = rows.iter().map(link_item::from_item).collect();
        let links = links.ok_or_else(|| Unavailable::unreadable("links"))?;
        Ok(links
            .into_iter()
            .filter(|(link, _)| counted.contains(&link.id))
            .collect())
    }

    /// Counts, and gives the links that were not at their limit. Those that were are left out of a
    /// second go.
    async fn count_tries(
        &self,
        mut tries: Vec<(LinkId, RateLimit)>,
        now: Timestamp,
    ) -> Result<Vec<LinkId>, Unavailable> {
        while !tries.is_empty() {
            let writes = tries
                .iter()
                .fold(Transaction::new(), |writes, (link, throttle)| {
                    writes.update(
                        *link,
                        rate_limits::count(&self.tables.rate_limits, throttle, now),
                    )
                });
            match writes.commit(self, "count_code_attempts").await {
                Ok(()) => break,
                Err(TransactionError::Conditions(used_up)) => {
                    tries.retain(|(link, _)| used_up.iter().all(|(other, _)| other != link));
                }
                Err(other) => return Err(other.into()),
            }
        }
        Ok(tries.into_iter().map(|(link, _)| link).collect())
    }
}
