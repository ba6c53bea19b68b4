//! Reports a notice (promises 3, 5, 6 and 8).

use crate::domain::audit::AuditEvent;
use crate::domain::email::Notice;
use crate::domain::link::{Link, RedeemContext};
use crate::domain::time::Timestamp;
use crate::domain::user::Epoch;
use crate::store::links::consume::{Replay, Write, explain};
use crate::store::links::{LinkError, link_item};
use crate::store::transaction::Transaction;
use crate::store::users::{UpdateOutcome, user_item};
use crate::store::{Store, Unavailable};

/// A report counts once, whoever repeats it.
const BY: RedeemContext = RedeemContext {
    same_browser: false,
    idempotency_key: None,
};

/// A notice that can be reported.
pub struct ReportableNotice {
    pub notice: Notice,
    /// The present epoch of the user.
    pub epoch: Epoch,
}

impl Store {
    /// Finds the notice that `link` reports. The link must be unused and unexpired, and its user
    /// not erased; their address, status and epoch may be others than when it was issued.
    ///
    /// Costs 1 strongly consistent batch of 2 reads.
    ///
    /// # Errors
    /// Fails with [`LinkError`].
    pub async fn find_notice(
        &self,
        link: &Link,
        now: Timestamp,
    ) -> Result<ReportableNotice, LinkError> {
        let keys = [
            (&self.tables.links, vec![link_item::key(&link.id)]),
            (&self.tables.users, vec![user_item::user_key(&link.user)]),
        ];
        let [links, users] = self.read_items("find_notice", keys).await?;
        let row = links.first();
        let unused = row.filter(|row| link_item::redemption(row).is_none());
        let Some(unused) = unused.filter(|_| link.expires_at > now) else {
            let Replay = explain(link, &BY, row, now)?;
            return Err(LinkError::Used);
        };
        let notice = link_item::notice(unused).ok_or_else(|| Unavailable::unreadable("links"))?;
        let user = users.first().map(user_item::read).transpose()?.flatten();
        let user = user.ok_or(LinkError::Invalid)?;
        Ok(ReportableNotice {
            notice,
            epoch: user.epoch,
        })
    }

    /// Consumes the link, revokes all sessions and links of its user by moving their epoch, and
    /// records `event`, all together. Writes nothing if the link has been used, or the epoch has
    /// moved since it was read.
    ///
    /// Costs 1 transaction of 2 updates and 1 put.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn report_notice(
        &self,
        link: &Link,
        epoch: Epoch,
        event: &AuditEvent,
    ) -> Result<UpdateOutcome, Unavailable> {
        let reported = Transaction::new()
            .update(Write::Link, self.consume_link(link, &BY, event.at))
            .update(Write::User, self.next_epoch(&link.user, epoch))
            .put(Write::Other, self.audit_record(event))
            .commit(self, "report_notice");
        UpdateOutcome::of(&reported.await)
    }
}
