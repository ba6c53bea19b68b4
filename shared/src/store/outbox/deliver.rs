//! Delivering a mail (promise 7): claim, send, settle. A crash between any two of them leaves a row
//! that says so, and a retry that sends the same link. The stream brings each mail once; what is
//! not over then, the sweep finds in the rows.

use crate::domain::address::EmailAddress;
use crate::domain::audit::AuditEvent;
use crate::domain::email::{DeliveryStatus, EmailTemplate, OutboxEntry, OutboxKey, PreparedEmail};
use crate::domain::ids::RecordId;
use crate::domain::rate_limit::{RateLimit, RateLimitScope};
use crate::domain::time::Timestamp;
use crate::domain::user::{Status, User};
use crate::store::item::{n, put_new, s};
use crate::store::links::link_item;
use crate::store::outbox::outbox_item;
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::users::user_item;
use crate::store::{Store, Unavailable};
use crate::store::{audit, rate_limits};
use aws_sdk_dynamodb::types::{ConditionCheck, Update};
use std::time::Duration;

/// How long a claim holds. Longer than one attempt at sending can take.
pub const LEASE: Duration = Duration::from_secs(30);
/// How many claims in a row may be lost (we crashed, or lost the answer) before the mail is
/// given up.
pub const MAX_LOST_CLAIMS: u64 = 3;
/// How old an unfinished mail must be to be swept: younger ones are the stream's.
const SWEPT_FROM: Duration = LEASE;

/// What is there of a mail.
pub enum OutboxLookup {
    /// One that is not over.
    Unfinished(Box<OutboxEntry>),
    /// Nothing, or one that is over.
    Finished,
    /// One that is not over, but was not written by this version.
    Unreadable,
}

/// What came of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// It is ours to send.
    Claimed,
    /// This silent budget is used up: `address-budget`, `portal-budget` or `reserve-budget`.
    OverBudget(&'static str),
    /// The user's epoch has moved since the link was prepared, or she may not sign in any more.
    Superseded,
    /// Somebody else has it.
    HeldElsewhere,
}

/// How a mail ended, and what is known about it.
pub struct Ending<'a> {
    /// How.
    pub end: DeliveryStatus,
    /// The provider's id of the message, or the reason.
    pub note: (&'static str, &'a str),
}

#[derive(Clone, Copy, PartialEq)]
enum Write {
    Row,
    Budget(RateLimitScope),
    User,
    Token,
    Audit,
}

impl Store {
    /// The mail, if it is still there and not over.
    ///
    /// Costs 1 consistent read.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn find_unfinished_email(
        &self,
        key: &OutboxKey,
    ) -> Result<OutboxLookup, Unavailable> {
        let get = self
            .client
            .get_item()
            .table_name(&self.tables.emails)
            .consistent_read(true);
        let got = get.set_key(Some(outbox_item::key(key))).send().await;
        let item = got
            .map_err(|error| Unavailable::because("find_unfinished_email", &error))?
            .item;
        // A row that is over may have lost its address.
        let unfinished = item.filter(|item| item.contains_key("unfinished"));
        Ok(unfinished.map_or(OutboxLookup::Finished, |item| {
            outbox_item::from_item(&item).map_or(OutboxLookup::Unreadable, |mail| {
                OutboxLookup::Unfinished(Box::new(mail))
            })
        }))
    }

    /// The mails that should be over by now, oldest first: at most a megabyte of keys.
    ///
    /// Costs 1 query of the sparse index.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn list_unfinished_emails(
        &self,
        now: Timestamp,
    ) -> Result<Vec<OutboxKey>, Unavailable> {
        let before = RecordId::first_at(now.minus(SWEPT_FROM));
        let query = self
            .client
            .query()
            .table_name(&self.tables.emails)
            .index_name("unfinished")
            .key_condition_expression("unfinished = :email AND sk < :before")
            .expression_attribute_values(":email", s("email"))
            .expression_attribute_values(":before", s(before.as_str()));
        let found = query
            .send()
            .await
            .map_err(|error| Unavailable::because("list_unfinished_emails", &error))?;
        let keys: Option<_> = found.items().iter().map(outbox_item::key_of).collect();
        keys.ok_or_else(|| Unavailable::unreadable("emails"))
    }

    /// The user who has `address`. Costs 2 consistent reads, one after the other; 1 where nobody
    /// has it.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn find_user_by_address(
        &self,
        address: &EmailAddress,
    ) -> Result<Option<User>, Unavailable> {
        let get = self
            .client
            .get_item()
            .table_name(&self.tables.users)
            .consistent_read(true);
        let claim = get
            .set_key(Some(user_item::claim_key(address)))
            .send()
            .await;
        let claim = claim
            .map_err(|error| Unavailable::because("find_user_by_address", &error))?
            .item;
        let Some(claim) = claim else { return Ok(None) };
        let id = user_item::claimed_by(&claim).ok_or_else(|| Unavailable::unreadable("users"))?;
        self.find_user(&id).await
    }

    /// The first claim: from queued to sending, within all `budgets`, fixing what is sent and what
    /// its link is made of, so that every retry makes the same.
    ///
    /// Costs 1 transaction of 1 update, the budgets and 2 puts; a notice, which has no link, 1 put.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn claim_email(
        &self,
        mail: &OutboxEntry,
        prepared: &PreparedEmail,
        budgets: &[RateLimit],
        event: &AuditEvent,
    ) -> Result<ClaimOutcome, Unavailable> {
        let now = event.at;
        #[expect(clippy::expect_used, reason = "every required field is set")]
        let row = Update::builder()
            .table_name(&self.tables.emails)
            .set_key(Some(outbox_item::key(&mail.key)))
            .update_expression(
                "SET #status = :sending, template = :template, lease_until = :lease, attempts = :one, lost_claims = :one, \
                 user_id = :user, epoch = :epoch, kid = :kid, link_expires_at = :link_expires_at",
            )
            .condition_expression("attribute_exists(pk) AND #status = :queued")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":sending", s("sending"))
            .expression_attribute_values(":queued", s("queued"))
            .expression_attribute_values(":lease", n(now.plus(LEASE).millis()))
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":user", s(prepared.user.as_str()))
            .expression_attribute_values(":template", s(prepared.template.as_str()))
            .expression_attribute_values(":epoch", n(prepared.epoch.get()))
            .expression_attribute_values(":kid", s(&prepared.kid))
            .expression_attribute_values(":link_expires_at", n(prepared.expires_at.millis()))
            .build()
            .expect("a whole update");
        let link = mail.link(prepared);
        let writes = Transaction::new().update(Write::Row, row);
        let writes = link.iter().fold(writes, |writes, link| {
            writes.put(
                Write::Token,
                put_new(&self.tables.links, link_item::to_item(link, &prepared.kid)),
            )
        });
        let writes = writes.put(
            Write::Audit,
            audit::put(event, &self.tables.audit, self.random.bytes()),
        );
        let writes = budgets.iter().fold(writes, |writes, budget| {
            writes.update(
                Write::Budget(budget.scope),
                rate_limits::count(&self.tables.rate_limits, budget, now),
            )
        });
        match writes.commit(self, "claim_email").await {
            Ok(()) => Ok(ClaimOutcome::Claimed),
            Err(TransactionError::Conditions(failed)) => {
                let refused = |wanted: Write| failed.iter().any(|(write, _)| *write == wanted);
                Ok(if refused(Write::Row) || refused(Write::Token) {
                    ClaimOutcome::HeldElsewhere
                } else if refused(Write::Budget(RateLimitScope::PortalEmails)) {
                    ClaimOutcome::OverBudget("portal-budget")
                } else if refused(Write::Budget(RateLimitScope::ReservedEmails)) {
                    ClaimOutcome::OverBudget("reserve-budget")
                } else {
                    ClaimOutcome::OverBudget("address-budget")
                })
            }
            Err(other) => Err(other.into()),
        }
    }

    /// A later claim, once the lease has lapsed: takes the lease, counts the attempt, and checks
    /// that the user is not suspended and still of the epoch that the link was prepared under. A
    /// notice is sent whatever has happened since.
    ///
    /// Costs 1 transaction of 1 update and 1 check; a notice, of 1 update.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn reclaim_email(
        &self,
        mail: &OutboxEntry,
        prepared: &PreparedEmail,
        now: Timestamp,
    ) -> Result<ClaimOutcome, Unavailable> {
        #[expect(clippy::expect_used, reason = "every required field is set")]
        let row = Update::builder()
            .table_name(&self.tables.emails)
            .set_key(Some(outbox_item::key(&mail.key)))
            .update_expression("SET lease_until = :lease ADD attempts :one, lost_claims :one")
            .condition_expression(
                "attribute_exists(pk) AND #status = :sending AND lease_until <= :now",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":sending", s("sending"))
            .expression_attribute_values(":lease", n(now.plus(LEASE).millis()))
            .expression_attribute_values(":now", n(now.millis()))
            .expression_attribute_values(":one", n(1))
            .build()
            .expect("a whole update");
        #[expect(clippy::expect_used, reason = "every required field is set")]
        let user = ConditionCheck::builder()
            .table_name(&self.tables.users)
            .set_key(Some(user_item::user_key(&prepared.user)))
            .condition_expression(
                "attribute_exists(pk) AND #status <> :suspended AND epoch = :epoch",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":suspended", s(Status::Suspended.as_str()))
            .expression_attribute_values(":epoch", n(prepared.epoch.get()))
            .build()
            .expect("a whole check");
        let writes = Transaction::new().update(Write::Row, row);
        let writes = match prepared.template {
            EmailTemplate::Link(_) => writes.check(Write::User, user),
            EmailTemplate::Notice(_) => writes,
        };
        match writes.commit(self, "reclaim_email").await {
            Ok(()) => Ok(ClaimOutcome::Claimed),
            Err(TransactionError::Conditions(failed)) => {
                let row = failed.iter().any(|(write, _)| *write == Write::Row);
                Ok(if row {
                    ClaimOutcome::HeldElsewhere
                } else {
                    ClaimOutcome::Superseded
                })
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Gives a claimed mail back after an attempt that the provider refused for the moment: the
    /// next may come from `again`.
    ///
    /// Costs 1 update.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn retry_email_later(
        &self,
        mail: &OutboxEntry,
        reason: &str,
        again: Timestamp,
    ) -> Result<(), Unavailable> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.emails)
            .set_key(Some(outbox_item::key(&mail.key)))
            .update_expression("SET lease_until = :again, lost_claims = :none, reason = :reason")
            .condition_expression("attribute_exists(pk) AND #status = :sending")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":sending", s("sending"))
            .expression_attribute_values(":again", n(again.millis()))
            .expression_attribute_values(":none", n(0))
            .expression_attribute_values(":reason", s(reason));
        self.update("retry_email_later", update)
            .await
            .map(|_done| ())
    }

    /// Ends a mail that is not over yet; one that is, stays as it is. A dropped one loses its
    /// address at once: whoever asked may have typed somebody else's.
    ///
    /// Costs 1 update.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn finish_email(
        &self,
        mail: &OutboxKey,
        ending: &Ending<'_>,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let (note, text) = ending.note;
        let remove = if ending.end == DeliveryStatus::Dropped {
            "unfinished, lease_until, address"
        } else {
            "unfinished, lease_until"
        };
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.emails)
            .set_key(Some(outbox_item::key(mail)))
            .update_expression(format!(
                "SET #status = :end, ended_at = :now, #note = :note REMOVE {remove}"
            ))
            .condition_expression("attribute_exists(unfinished)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#note", note)
            .expression_attribute_values(":end", s(ending.end.as_str()))
            .expression_attribute_values(":now", n(now.millis()))
            .expression_attribute_values(":note", s(text));
        self.update("finish_email", update).await.map(|_done| ())
    }
}
