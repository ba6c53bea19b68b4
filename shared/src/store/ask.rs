//! Asking for a mail (promise 1).

use super::Store;
use super::items::{mail, put_new, throttles};
use super::transaction::{Refusal, Transaction};
use crate::domain::mail::Mail;
use crate::domain::throttle::Throttle;
use crate::domain::time::Timestamp;
use std::time::Duration;

/// Why nothing was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A throttle is at its limit until then.
    TooMany(Timestamp),
    /// The store could not be asked.
    Unavailable,
}

#[derive(Clone, Copy, PartialEq)]
enum Write {
    Throttle(Timestamp),
    Outbox,
}

impl Store {
    /// Counts in all `throttles` and appends `mail` to the outbox, together or not at all. Nobody
    /// looks whether the address is known: the same writes for any.
    ///
    /// Costs 1 transaction of the throttles and 1 put.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn ask(
        &self,
        mail: &Mail,
        throttles: &[Throttle],
        kept: Duration,
    ) -> Result<(), Refused> {
        let now = mail.asked_at;
        let counting = throttles
            .iter()
            .fold(Transaction::new(), |writes, throttle| {
                let count = throttles::count(&self.tables.throttles, throttle, now);
                writes.update(Write::Throttle(throttle.ends_at(now)), count)
            });
        let outbox = put_new(&self.tables.mail, mail::queued(mail, now.plus(kept)));
        match counting
            .put(Write::Outbox, outbox)
            .commit(self, "ask")
            .await
        {
            Ok(()) => Ok(()),
            Err(Refusal::Conditions(failed)) => {
                Err(refused(failed.into_iter().map(|(write, _)| write)))
            }
            Err(Refusal::Conflict | Refusal::Unavailable) => Err(Refused::Unavailable),
        }
    }
}

/// The latest end of the throttles that are at their limit.
fn refused(failed: impl Iterator<Item = Write>) -> Refused {
    let ends = failed.filter_map(|write| match write {
        Write::Throttle(ends_at) => Some(ends_at),
        Write::Outbox => None,
    });
    ends.max().map_or(Refused::Unavailable, Refused::TooMany)
}
