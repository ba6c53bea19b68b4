//! Redeems a link for a new password (promises 3, 5, 6 and 8).

use crate::domain::audit::AuditEvent;
use crate::domain::email::OutboxEntry;
use crate::domain::link::{Link, RedeemContext};
use crate::domain::password::hash::PasswordHash;
use crate::domain::user::Status;
use crate::store::Store;
use crate::store::expression::Expression;
use crate::store::item::{n, s};
use crate::store::links::LinkError;
use crate::store::links::consume::{Replay, Write};
use crate::store::transaction::Transaction;
use std::time::Duration;

/// A link, and the password to redeem it for.
pub struct PasswordReset<'a> {
    pub link: &'a Link,
    pub by: &'a RedeemContext,
    /// The hash of the new password.
    pub password: &'a PasswordHash,
    /// The email that tells the user about the change, if the portal sends it.
    pub notice: Option<&'a OutboxEntry>,
    /// The audit event. Its `at` is the time of the reset.
    pub event: &'a AuditEvent,
}

impl Store {
    /// Consumes the link, sets the password, revokes all sessions by moving the epoch, queues the
    /// notice and records the event, all together. The link must be unused and unexpired, and its
    /// user active and of the same epoch and address.
    ///
    /// A repeat by the same page within the replay window succeeds and writes nothing.
    ///
    /// Costs 1 transaction of 2 updates, 1 put, and 1 put for a notice.
    ///
    /// # Errors
    /// Fails with [`LinkError`].
    pub async fn reset_password(&self, reset: &PasswordReset<'_>) -> Result<(), LinkError> {
        let now = reset.event.at;
        let consumed = self.consume_link(reset.link, reset.by, now, Duration::ZERO);
        let committed = Transaction::new()
            .update(Write::Link, consumed)
            .update(Write::Other, self.user_with_new_password(reset))
            .puts(
                Write::Other,
                reset.notice.map(|notice| self.queued_email(notice)),
            )
            .put(Write::Other, self.audit_record(reset.event))
            .commit(self, "reset_password")
            .await;
        let Err(error) = committed else {
            return Ok(());
        };
        let Replay = self
            .explain_failure(error, reset.link, reset.by, now)
            .await?;
        Ok(())
    }

    fn user_with_new_password(&self, reset: &PasswordReset<'_>) -> Expression {
        self.user_row(&reset.link.user)
            .set("password = :password")
            .add("epoch :one, sign_ins :one")
            .when(
                "attribute_exists(pk) AND #status = :active \
                 AND epoch = :epoch AND address = :address",
            )
            .names([("#status", "status")])
            .values([
                (":password", s(reset.password.as_str())),
                (":one", n(1)),
                (":active", s(Status::Active.as_str())),
                (":epoch", n(reset.link.epoch.get())),
                (":address", s(reset.link.address.as_str())),
            ])
    }
}
