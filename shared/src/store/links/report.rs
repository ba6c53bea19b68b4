//! Reports a notice (promises 3, 5, 6 and 8).

use crate::domain::audit::AuditEvent;
use crate::domain::email::Notice;
use crate::domain::link::{Link, LinkClaims, RedeemContext};
use crate::domain::time::Timestamp;
use crate::domain::user::Epoch;
use crate::store::links::consume::{Replay, Write, explain};
use crate::store::links::{LinkError, link_item};
use crate::store::transaction::Transaction;
use crate::store::users::UpdateOutcome;
use crate::store::{Store, Unavailable};
use std::time::Duration;

/// A report counts once, whoever repeats it.
const BY: RedeemContext = RedeemContext {
    same_browser: false,
    idempotency_key: None,
};

/// A notice that can be reported.
pub struct ReportableNotice {
    pub link: Link,
    pub notice: Notice,
    /// The present epoch of the user.
    pub epoch: Epoch,
}

impl Store {
    /// Finds the notice that the link of these `claims` reports. The link must be unused and
    /// unexpired, and its user not erased; their address, status and epoch may be others than when
    /// it was issued.
    ///
    /// Costs 2 strongly consistent reads.
    ///
    /// # Errors
    /// Fails with [`LinkError`].
    pub async fn find_notice(
        &self,
        claims: &LinkClaims,
        now: Timestamp,
    ) -> Result<ReportableNotice, LinkError> {
        let key = link_item::key(&claims.id);
        let row = self
            .read_item("find_notice", &self.tables.links, key)
            .await?;
        let unused = row.as_ref();
        let unused = unused.filter(|row| link_item::redemption(row).is_none());
        let Some(unused) = unused.filter(|_| claims.expires_at > now) else {
            let link = claims.clone().without_row();
            let Replay = explain(&link, &BY, row.as_ref(), now)?;
            return Err(LinkError::Used);
        };
        let unreadable = || Unavailable::unreadable("links");
        let notice = link_item::notice(unused).ok_or_else(unreadable)?;
        let link = link_item::from_item(unused).ok_or_else(unreadable)?.link;
        let user = self.find_user(&link.user).await?;
        Ok(ReportableNotice {
            epoch: user.ok_or(LinkError::Invalid)?.epoch,
            notice,
            link,
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
        let consumed = self.consume_link(link, &BY, event.at, Duration::ZERO);
        let reported = Transaction::new()
            .update(Write::Link, consumed)
            .update(Write::User, self.next_epoch(&link.user, epoch))
            .put(Write::Other, self.audit_record(event))
            .commit(self, "report_notice");
        UpdateOutcome::of(&reported.await)
    }
}
