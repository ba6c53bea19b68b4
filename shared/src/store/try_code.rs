//! Trying a code (promise 1: a try is counted whether or not there is a link).

use super::items::{throttles, tokens};
use super::transaction::{Refusal, Transaction};
use super::{Store, Unavailable};
use crate::domain::ids::LinkId;
use crate::domain::link::Link;
use crate::domain::throttle::Throttle;
use crate::domain::time::Timestamp;

impl Store {
    /// Counts one try for each link, and gives those whose tries were not used up, with the names
    /// of their keys. A link that does not exist is counted all the same.
    ///
    /// Costs 1 transaction of as many throttles as there are links (2 where one of several is used
    /// up), and beside it 1 strongly consistent batch of as many reads.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn try_code(
        &self,
        tries: Vec<(LinkId, Throttle)>,
        now: Timestamp,
    ) -> Result<Vec<(Link, String)>, Unavailable> {
        let keys = tries.iter().map(|(link, _)| tokens::key(link)).collect();
        let read = self.read_together("try_code", [(&self.tables.tokens, keys)]);
        let (counted, found) = tokio::join!(self.count_tries(tries, now), read);
        let (counted, mut found) = (counted?, found?);
        let rows = found.remove(&self.tables.tokens).unwrap_or_default();
        let links: Option<Vec<_>> = rows.iter().map(tokens::from_item).collect();
        let links = links.ok_or_else(|| Unavailable::unreadable("tokens"))?;
        Ok(links
            .into_iter()
            .filter(|(link, _)| counted.contains(&link.id))
            .collect())
    }

    /// Counts, and gives the links that were not at their limit. Those that were are left out of a
    /// second go.
    async fn count_tries(
        &self,
        mut tries: Vec<(LinkId, Throttle)>,
        now: Timestamp,
    ) -> Result<Vec<LinkId>, Unavailable> {
        while !tries.is_empty() {
            let writes = tries
                .iter()
                .fold(Transaction::new(), |writes, (link, throttle)| {
                    writes.update(
                        *link,
                        throttles::count(&self.tables.throttles, throttle, now),
                    )
                });
            match writes.commit(self, "try_code").await {
                Ok(()) => break,
                Err(Refusal::Conditions(used_up)) => {
                    tries.retain(|(link, _)| used_up.iter().all(|(other, _)| other != link));
                }
                Err(other) => return Err(other.into()),
            }
        }
        Ok(tries.into_iter().map(|(link, _)| link).collect())
    }
}
