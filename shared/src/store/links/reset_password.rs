//! Another password (promises 3, 5, 6 and 8).

use crate::domain::audit::AuditEvent;
use crate::domain::email::OutboxEntry;
use crate::domain::link::{Link, RedeemContext};
use crate::domain::password::hash::PasswordHash;
use crate::domain::user::Status;
use crate::store::Store;
use crate::store::audit;
use crate::store::item::{n, put_new, s};
use crate::store::links::LinkError;
use crate::store::links::consume::explain_failure;
use crate::store::outbox::outbox_item;
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::users::user_item;
use aws_sdk_dynamodb::types::Update;
use std::time::Duration;

/// What is to be set, by what right.
pub struct PasswordReset<'a> {
    /// The link.
    pub link: &'a Link,
    /// Who uses it.
    pub by: &'a RedeemContext,
    /// The new password's hash.
    pub password: &'a PasswordHash,
    /// Tells the user what has happened.
    pub notice: &'a OutboxEntry,
    /// How long that mail stays in the log.
    pub kept: Duration,
    /// What is written down.
    pub event: &'a AuditEvent,
}

#[derive(Clone, Copy, PartialEq)]
enum Write {
    Token,
    Other,
}

impl Store {
    /// Sets the password, ends every session by moving the epoch, queues the notice and writes the
    /// audit, together, and only while the link is unused and unexpired and its user active and of
    /// its epoch. A repeat by the same page within a minute succeeds again and writes nothing.
    ///
    /// Costs 1 transaction of 2 updates and 2 puts.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn reset_password(&self, reset: &PasswordReset<'_>) -> Result<(), LinkError> {
        let now = reset.event.at;
        let notice = put_new(
            &self.tables.emails,
            outbox_item::queued(reset.notice, now.plus(reset.kept)),
        );
        let writes = Transaction::new()
            .update(Write::Token, self.consume_link(reset.link, reset.by, now))
            .update(Write::Other, self.set_password(reset))
            .put(Write::Other, notice)
            .put(
                Write::Other,
                audit::put(reset.event, &self.tables.audit, self.random.bytes()),
            );
        let row = match writes.commit(self, "reset_password").await {
            Ok(()) => return Ok(()),
            Err(TransactionError::Conditions(failed)) => {
                let token = failed.into_iter().find(|(write, _)| *write == Write::Token);
                token.ok_or(LinkError::Invalid)?.1
            }
            Err(TransactionError::Conflict) => self.find_link_item(reset.link).await?,
            Err(TransactionError::Unavailable) => return Err(LinkError::Unavailable),
        };
        explain_failure(reset.link, reset.by, row.as_ref(), now).map(|_repeat| ())
    }

    fn set_password(&self, reset: &PasswordReset<'_>) -> Update {
        #[expect(clippy::expect_used, reason = "every required field is set")]
        Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(user_item::user_key(&reset.link.user)))
            .update_expression("SET password = :password ADD epoch :one, sign_ins :one")
            .condition_expression(
                "attribute_exists(pk) AND #status = :active AND epoch = :epoch AND address = :address",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":password", s(reset.password.as_str()))
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":active", s(Status::Active.as_str()))
            .expression_attribute_values(":epoch", n(reset.link.epoch.get()))
            .expression_attribute_values(":address", s(reset.link.address.as_str()))
            .build()
            .expect("a whole update")
    }
}
