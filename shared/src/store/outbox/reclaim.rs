//! Claims an email again whose lease has lapsed.

use crate::domain::email::{EmailTemplate, OutboxEntry, PreparedEmail};
use crate::domain::link::LinkAccount;
use crate::domain::time::Timestamp;
use crate::domain::user::Status;
use crate::store::expression::Expression;
use crate::store::item::{n, s};
use crate::store::outbox::{ClaimOutcome, LEASE};
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::{Store, Unavailable};

#[derive(Clone, Copy, PartialEq)]
enum Write {
    Email,
    Suppression,
    User,
}

impl Store {
    /// Claims an email whose lease has lapsed, and counts the attempt. The provider must not have
    /// accepted it by an earlier attempt, and its address must not be suppressed. If it carries a
    /// link, its user must not be suspended and must be of the epoch that the link was prepared
    /// under. A notice is sent in any case.
    ///
    /// Costs 1 transaction of 1 update and, if there is a link, 2 condition checks, else 1.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn reclaim_email(
        &self,
        entry: &OutboxEntry,
        prepared: &PreparedEmail,
        now: Timestamp,
    ) -> Result<ClaimOutcome, Unavailable> {
        let email = self
            .email_row(&entry.key)
            .set("lease_until = :lease")
            .add("attempts :one, lost_claims :one")
            .when(
                "attribute_exists(pk) AND #status = :sending AND lease_until <= :now \
                 AND attribute_not_exists(message_id)",
            )
            .names([("#status", "status")])
            .values([
                (":sending", s("sending")),
                (":lease", n(now.plus(LEASE).millis())),
                (":now", n(now.millis())),
                (":one", n(1)),
            ]);
        let writes = Transaction::new()
            .update(Write::Email, email)
            .check(Write::Suppression, self.unsuppressed(&entry.key.to));
        let writes = match prepared.template {
            EmailTemplate::Link(_) => {
                writes.check(Write::User, self.unchanged_account(entry, prepared))
            }
            EmailTemplate::Notice(_) => writes,
        };
        match writes.commit(self, "reclaim_email").await {
            Ok(()) => Ok(ClaimOutcome::Claimed),
            Err(TransactionError::Conditions(failed)) => {
                let failed = |write| failed.iter().any(|(one, _)| *one == write);
                Ok(if failed(Write::Email) {
                    ClaimOutcome::HeldElsewhere
                } else if failed(Write::User) {
                    ClaimOutcome::Superseded
                } else {
                    ClaimOutcome::Suppressed
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the check that the link would still work.
    fn unchanged_account(&self, entry: &OutboxEntry, prepared: &PreparedEmail) -> Expression {
        if let LinkAccount::New { .. } = prepared.account {
            return self
                .address_claim_row(&entry.address)
                .when("attribute_not_exists(pk)");
        }
        self.user_row(&prepared.user)
            .when("attribute_exists(pk) AND #status <> :suspended AND epoch = :epoch")
            .names([("#status", "status")])
            .values([
                (":suspended", s(Status::Suspended.as_str())),
                (":epoch", n(prepared.epoch.get())),
            ])
    }
}
