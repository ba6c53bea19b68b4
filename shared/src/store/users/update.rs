//! Updates a user (promises 6 and 8).

use crate::domain::audit::AuditEvent;
use crate::domain::email::OutboxEntry;
use crate::domain::user::User;
use crate::store::expression::Expression;
use crate::store::item::{Item, s};
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::users::user_item;
use crate::store::{Store, Unavailable};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateOutcome {
    Updated,
    /// The user has changed since they were read, or is erased. Nothing was written.
    Conflict,
    /// Another user has the address. Nothing was written.
    EmailTaken,
}

impl UpdateOutcome {
    /// Returns `Updated` or `Conflict`. Transactions that conflict with this one may have changed
    /// the user as well.
    pub(in crate::store) fn of<L>(
        committed: &Result<(), TransactionError<L>>,
    ) -> Result<Self, Unavailable> {
        match committed {
            Ok(()) => Ok(Self::Updated),
            Err(TransactionError::Conditions(_) | TransactionError::Conflict) => Ok(Self::Conflict),
            Err(TransactionError::Unavailable) => Err(Unavailable),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Write {
    User,
    Claim,
    Other,
}

impl Store {
    /// Changes the user from `before` to `after`, queues `emails` and records `event`, all
    /// together. If the address changes, its claim moves. Writes nothing if the user is no longer
    /// as in `before`.
    ///
    /// Costs 1 transaction of 1 update, 1 put, 1 put for each email, and for another address 1
    /// delete and 1 put.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn update_user(
        &self,
        before: &User,
        after: &User,
        emails: &[OutboxEntry],
        event: &AuditEvent,
    ) -> Result<UpdateOutcome, Unavailable> {
        let emails = emails.iter().map(|email| self.queued_email(email));
        let mut writes = Transaction::new()
            .update(Write::User, self.changed_user(before, after))
            .put(Write::Other, self.audit_record(event))
            .puts(Write::Other, emails);
        if before.address != after.address {
            let claim = self.address_claim(&after.address, &after.id);
            writes = writes
                .delete(Write::User, self.released_claim(before))
                .put(Write::Claim, claim);
        }
        match writes.commit(self, "update_user").await {
            Err(TransactionError::Conditions(failed))
                if failed.iter().all(|(write, _)| *write == Write::Claim) =>
            {
                Ok(UpdateOutcome::EmailTaken)
            }
            committed => UpdateOutcome::of(&committed),
        }
    }

    fn changed_user(&self, before: &User, after: &User) -> Expression {
        let before_item = user_item::to_item(before);
        let after_item = user_item::to_item(after);
        let value = |item: &Item, name: &str| item.get(name).cloned().unwrap_or_else(|| s(""));
        self.user_row(&before.id)
            .set("address = :address, #name = :name, #role = :role, resources = :resources")
            .set("#status = :status, epoch = :epoch")
            .when(
                "attribute_exists(pk) AND address = :was_address AND #name = :was_name \
                 AND #role = :was_role AND resources = :was_resources \
                 AND #status = :was_status AND epoch = :was_epoch",
            )
            .names([("#name", "name"), ("#role", "role"), ("#status", "status")])
            .values([
                (":address", value(&after_item, "address")),
                (":name", value(&after_item, "name")),
                (":role", value(&after_item, "role")),
                (":resources", value(&after_item, "resources")),
                (":status", value(&after_item, "status")),
                (":epoch", value(&after_item, "epoch")),
                (":was_address", value(&before_item, "address")),
                (":was_name", value(&before_item, "name")),
                (":was_role", value(&before_item, "role")),
                (":was_resources", value(&before_item, "resources")),
                (":was_status", value(&before_item, "status")),
                (":was_epoch", value(&before_item, "epoch")),
            ])
    }
}
