//! What administrators do to a user who is there (promises 6 and 8). Each act holds only for the
//! user as she was read: where somebody else was faster, nothing is written.

use crate::domain::audit::AuditEvent;
use crate::domain::email::OutboxEntry;
use crate::domain::user::User;
use crate::store::audit;
use crate::store::item::{Item, put_new, s};
use crate::store::outbox::outbox_item;
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::users::user_item;
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::types::{Delete, Update};
use std::time::Duration;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// It is so now.
    Updated,
    /// The user is not as she was read any more.
    Conflict,
    /// The address is another user's.
    EmailTaken,
}

#[derive(Clone, Copy, PartialEq)]
enum Write {
    User,
    Claim,
    Other,
}

impl Store {
    /// Makes of `before` what `after` says, and queues `mails`: one transaction, with the claims
    /// where the address changes.
    ///
    /// Costs 1 transaction of 1 update, 1 put, 1 put for each mail, and for another address 1
    /// delete and 1 put.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn update_user(
        &self,
        before: &User,
        after: &User,
        mails: &[OutboxEntry],
        kept: Duration,
        event: &AuditEvent,
    ) -> Result<UpdateOutcome, Unavailable> {
        let writes = Transaction::new()
            .update(Write::User, self.change(before, after))
            .put(
                Write::Other,
                audit::put(event, &self.tables.audit, self.random.bytes()),
            );
        let writes = mails.iter().fold(writes, |writes, one| {
            writes.put(
                Write::Other,
                put_new(
                    &self.tables.emails,
                    outbox_item::queued(one, event.at.plus(kept)),
                ),
            )
        });
        let writes = if before.address == after.address {
            writes
        } else {
            writes.delete(Write::User, self.unclaim(before)).put(
                Write::Claim,
                put_new(
                    &self.tables.users,
                    user_item::claim(&after.address, &after.id),
                ),
            )
        };
        done(writes.commit(self, "update_user").await)
    }

    /// Ends all sessions of a user, and voids every link: one write to her row, however many there
    /// are.
    ///
    /// Costs 1 transaction of 1 update and 1 put.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn revoke_all_sessions(
        &self,
        user: &User,
        event: &AuditEvent,
    ) -> Result<UpdateOutcome, Unavailable> {
        let writes = Transaction::new()
            .update(
                Write::User,
                user_item::move_epoch(&self.tables.users, &user.id, user.epoch),
            )
            .put(
                Write::Other,
                audit::put(event, &self.tables.audit, self.random.bytes()),
            );
        done(writes.commit(self, "revoke_all_sessions").await)
    }

    /// Erases a user and the claim of her address; from then on nothing signs her in, and the
    /// address is free. Her mail and sessions go page by page: [`Store::erase_mail`] and
    /// [`Store::erase_sessions`]. The audit stays.
    ///
    /// Costs 1 transaction of 2 deletes and 1 put.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn erase_user(
        &self,
        user: &User,
        event: &AuditEvent,
    ) -> Result<UpdateOutcome, Unavailable> {
        #[expect(clippy::expect_used, reason = "every required field is set")]
        let row = Delete::builder()
            .table_name(&self.tables.users)
            .set_key(Some(user_item::user_key(&user.id)))
            .condition_expression("attribute_exists(pk) AND address = :address")
            .expression_attribute_values(":address", s(user.address.as_str()))
            .build()
            .expect("a whole delete");
        let writes = Transaction::new()
            .delete(Write::User, row)
            .delete(Write::User, self.unclaim(user))
            .put(
                Write::Other,
                audit::put(event, &self.tables.audit, self.random.bytes()),
            );
        done(writes.commit(self, "erase_user").await)
    }

    /// Frees the address of `user`, if it is still hers.
    fn unclaim(&self, user: &User) -> Delete {
        #[expect(clippy::expect_used, reason = "every required field is set")]
        Delete::builder()
            .table_name(&self.tables.users)
            .set_key(Some(user_item::claim_key(&user.address)))
            .condition_expression("user_id = :user")
            .expression_attribute_values(":user", s(user.id.as_str()))
            .build()
            .expect("a whole delete")
    }

    fn change(&self, before: &User, after: &User) -> Update {
        let (was, is): (Item, Item) = (user_item::to_item(before), user_item::to_item(after));
        let value = |whole: &Item, name: &str| whole.get(name).cloned().unwrap_or_else(|| s(""));
        #[expect(clippy::expect_used, reason = "every required field is set")]
        Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(user_item::user_key(&before.id)))
            .update_expression(
                "SET address = :address, #name = :name, #role = :role, resources = :resources, #status = :status, \
                 epoch = :epoch",
            )
            .condition_expression(
                "attribute_exists(pk) AND address = :was_address AND #name = :was_name AND #role = :was_role \
                 AND resources = :was_resources AND #status = :was_status AND epoch = :was_epoch",
            )
            .expression_attribute_names("#name", "name")
            .expression_attribute_names("#role", "role")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":address", value(&is, "address"))
            .expression_attribute_values(":name", value(&is, "name"))
            .expression_attribute_values(":role", value(&is, "role"))
            .expression_attribute_values(":resources", value(&is, "resources"))
            .expression_attribute_values(":status", value(&is, "status"))
            .expression_attribute_values(":epoch", value(&is, "epoch"))
            .expression_attribute_values(":was_address", value(&was, "address"))
            .expression_attribute_values(":was_name", value(&was, "name"))
            .expression_attribute_values(":was_role", value(&was, "role"))
            .expression_attribute_values(":was_resources", value(&was, "resources"))
            .expression_attribute_values(":was_status", value(&was, "status"))
            .expression_attribute_values(":was_epoch", value(&was, "epoch"))
            .build()
            .expect("a whole update")
    }
}

fn done(committed: Result<(), TransactionError<Write>>) -> Result<UpdateOutcome, Unavailable> {
    match committed {
        Ok(()) => Ok(UpdateOutcome::Updated),
        Err(TransactionError::Conditions(failed)) => {
            let only_the_claim = failed.iter().all(|(write, _)| *write == Write::Claim);
            Ok(if only_the_claim {
                UpdateOutcome::EmailTaken
            } else {
                UpdateOutcome::Conflict
            })
        }
        Err(other) => Err(other.into()),
    }
}
