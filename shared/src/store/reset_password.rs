//! Another password (promises 3, 5, 6 and 8).

use super::Store;
use super::items::{audit, mail, n, put_new, s, users};
use super::transaction::{Refusal, Transaction};
use super::use_up::{Refused, judge};
use crate::domain::audit::Event;
use crate::domain::hashing::PasswordHash;
use crate::domain::link::{Link, Redeemer};
use crate::domain::mail::Mail;
use crate::domain::user::Status;
use aws_sdk_dynamodb::types::Update;
use std::time::Duration;

/// What is to be set, by what right.
pub struct Reset<'a> {
    /// The link.
    pub link: &'a Link,
    /// Who uses it.
    pub by: &'a Redeemer,
    /// The new password's hash.
    pub password: &'a PasswordHash,
    /// Tells the user what has happened.
    pub notice: &'a Mail,
    /// How long that mail stays in the log.
    pub kept: Duration,
    /// What is written down.
    pub event: &'a Event,
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
    /// [`Refused`].
    pub async fn reset_password(&self, reset: &Reset<'_>) -> Result<(), Refused> {
        let now = reset.event.at;
        let notice = put_new(
            &self.tables.mail,
            mail::queued(reset.notice, now.plus(reset.kept)),
        );
        let writes = Transaction::new()
            .update(Write::Token, self.use_up(reset.link, reset.by, now))
            .update(Write::Other, self.set_password(reset))
            .put(Write::Other, notice)
            .put(
                Write::Other,
                audit::put(reset.event, &self.tables.audit, self.random.bytes()),
            );
        let row = match writes.commit(self, "reset_password").await {
            Ok(()) => return Ok(()),
            Err(Refusal::Conditions(failed)) => {
                let token = failed.into_iter().find(|(write, _)| *write == Write::Token);
                token.ok_or(Refused::Invalid)?.1
            }
            Err(Refusal::Conflict) => self.token(reset.link).await?,
            Err(Refusal::Unavailable) => return Err(Refused::Unavailable),
        };
        judge(reset.link, reset.by, row.as_ref(), now).map(|_repeat| ())
    }

    fn set_password(&self, reset: &Reset<'_>) -> Update {
        #[expect(clippy::expect_used, reason = "every required field is set")]
        Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(users::user_key(&reset.link.user)))
            .update_expression("SET password = :password ADD epoch :one, sign_ins :one")
            .condition_expression(
                "attribute_exists(pk) AND #status = :active AND epoch = :epoch AND address = :address",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":password", s(reset.password.as_str()))
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":active", s(Status::Active.as_str()))
            .expression_attribute_values(":epoch", n(reset.link.epoch.0))
            .expression_attribute_values(":address", s(reset.link.address.as_str()))
            .build()
            .expect("a whole update")
    }
}
