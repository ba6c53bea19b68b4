//! Delivering a mail (promise 7): claim, send, settle. A crash between any two of them leaves a row
//! that says so, and a retry that sends the same link. The stream brings each mail once; what is
//! not over then, the sweep finds in the rows.

use super::items::{audit, mail, n, put_new, s, throttles, tokens, users};
use super::transaction::{Refusal, Transaction};
use super::{Store, Unavailable};
use crate::domain::address::EmailAddress;
use crate::domain::audit::Event;
use crate::domain::ids::RecordId;
use crate::domain::mail::{End, Letter, Mail, MailKey, Minted};
use crate::domain::throttle::{Scope, Throttle};
use crate::domain::time::Timestamp;
use crate::domain::user::{Status, User};
use aws_sdk_dynamodb::types::{ConditionCheck, Update};
use std::time::Duration;

/// How long a claim holds. Longer than one attempt at sending can take.
pub const LEASE: Duration = Duration::from_secs(30);
/// How many claims in a row may go unanswered (we crashed, or lost the answer) before the mail is
/// given up.
pub const MOST_UNANSWERED: u64 = 3;
/// How old an unfinished mail must be to be swept: younger ones are the stream's.
const SWEPT_FROM: Duration = LEASE;

/// What is there of a mail.
pub enum Found {
    /// One that is not over.
    Unfinished(Box<Mail>),
    /// Nothing, or one that is over.
    Over,
    /// One that is not over, but was not written by this version.
    Unreadable,
}

/// What came of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is ours to send.
    Ours,
    /// This silent budget is used up: `address-budget`, `portal-budget` or `reserve-budget`.
    OverBudget(&'static str),
    /// The user's epoch has moved since the link was minted, or she may not sign in any more.
    Superseded,
    /// Somebody else has it.
    Taken,
}

/// How a mail ended, and what is known about it.
pub struct Ending<'a> {
    /// How.
    pub end: End,
    /// The provider's id of the message, or the reason.
    pub note: (&'static str, &'a str),
}

#[derive(Clone, Copy, PartialEq)]
enum Write {
    Row,
    Budget(Scope),
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
    pub async fn unfinished_mail(&self, key: &MailKey) -> Result<Found, Unavailable> {
        let get = self
            .client
            .get_item()
            .table_name(&self.tables.mail)
            .consistent_read(true);
        let got = get.set_key(Some(mail::key(key))).send().await;
        let item = got
            .map_err(|error| Unavailable::because("unfinished_mail", &error))?
            .item;
        // A row that is over may have lost its address.
        let unfinished = item.filter(|item| item.contains_key("unfinished"));
        Ok(unfinished.map_or(Found::Over, |item| {
            mail::from_item(&item)
                .map_or(Found::Unreadable, |mail| Found::Unfinished(Box::new(mail)))
        }))
    }

    /// The mails that should be over by now, oldest first: at most a megabyte of keys.
    ///
    /// Costs 1 query of the sparse index.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn unfinished_mails(&self, now: Timestamp) -> Result<Vec<MailKey>, Unavailable> {
        let before = RecordId::first_at(now.minus(SWEPT_FROM));
        let query = self
            .client
            .query()
            .table_name(&self.tables.mail)
            .index_name("unfinished")
            .key_condition_expression("unfinished = :mail AND sk < :before")
            .expression_attribute_values(":mail", s("mail"))
            .expression_attribute_values(":before", s(before.as_str()));
        let found = query
            .send()
            .await
            .map_err(|error| Unavailable::because("unfinished_mails", &error))?;
        let keys: Option<_> = found.items().iter().map(mail::key_of).collect();
        keys.ok_or_else(|| Unavailable::unreadable("mail"))
    }

    /// The user who has `address`. Costs 2 consistent reads, one after the other; 1 where nobody
    /// has it.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn user_at(&self, address: &EmailAddress) -> Result<Option<User>, Unavailable> {
        let get = self
            .client
            .get_item()
            .table_name(&self.tables.users)
            .consistent_read(true);
        let claim = get.set_key(Some(users::claim_key(address))).send().await;
        let claim = claim
            .map_err(|error| Unavailable::because("user_at", &error))?
            .item;
        let Some(claim) = claim else { return Ok(None) };
        let id = users::claimed_by(&claim).ok_or_else(|| Unavailable::unreadable("users"))?;
        self.user(&id).await
    }

    /// The first claim: from queued to sending, within all `budgets`, fixing what is sent and what
    /// its link is made of, so that every retry makes the same.
    ///
    /// Costs 1 transaction of 1 update, the budgets and 2 puts; a notice, which has no link, 1 put.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn claim_mail(
        &self,
        mail: &Mail,
        minted: &Minted,
        budgets: &[Throttle],
        event: &Event,
    ) -> Result<Claim, Unavailable> {
        let now = event.at;
        #[expect(clippy::expect_used, reason = "every required field is set")]
        let row = Update::builder()
            .table_name(&self.tables.mail)
            .set_key(Some(mail::key(&mail.key)))
            .update_expression(
                "SET #status = :sending, letter = :letter, lease_until = :lease, attempts = :one, unanswered = :one, \
                 user_id = :user, epoch = :epoch, kid = :kid, link_expires_at = :link_expires_at",
            )
            .condition_expression("attribute_exists(pk) AND #status = :queued")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":sending", s("sending"))
            .expression_attribute_values(":queued", s("queued"))
            .expression_attribute_values(":lease", n(now.plus(LEASE).millis()))
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":user", s(minted.user.as_str()))
            .expression_attribute_values(":letter", s(minted.letter.as_str()))
            .expression_attribute_values(":epoch", n(minted.epoch.0))
            .expression_attribute_values(":kid", s(&minted.kid))
            .expression_attribute_values(":link_expires_at", n(minted.expires_at.millis()))
            .build()
            .expect("a whole update");
        let link = mail.link(minted);
        let writes = Transaction::new().update(Write::Row, row);
        let writes = link.iter().fold(writes, |writes, link| {
            writes.put(
                Write::Token,
                put_new(&self.tables.tokens, tokens::to_item(link, &minted.kid)),
            )
        });
        let writes = writes.put(
            Write::Audit,
            audit::put(event, &self.tables.audit, self.random.bytes()),
        );
        let writes = budgets.iter().fold(writes, |writes, budget| {
            writes.update(
                Write::Budget(budget.scope),
                throttles::count(&self.tables.throttles, budget, now),
            )
        });
        match writes.commit(self, "claim_mail").await {
            Ok(()) => Ok(Claim::Ours),
            Err(Refusal::Conditions(failed)) => {
                let refused = |wanted: Write| failed.iter().any(|(write, _)| *write == wanted);
                Ok(if refused(Write::Row) || refused(Write::Token) {
                    Claim::Taken
                } else if refused(Write::Budget(Scope::MailPortal)) {
                    Claim::OverBudget("portal-budget")
                } else if refused(Write::Budget(Scope::MailReserve)) {
                    Claim::OverBudget("reserve-budget")
                } else {
                    Claim::OverBudget("address-budget")
                })
            }
            Err(other) => Err(other.into()),
        }
    }

    /// A later claim, once the lease has lapsed: takes the lease, counts the attempt, and checks
    /// that the user is not suspended and still of the epoch that the link was minted under. A
    /// notice is sent whatever has happened since.
    ///
    /// Costs 1 transaction of 1 update and 1 check; a notice, of 1 update.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn reclaim_mail(
        &self,
        mail: &Mail,
        minted: &Minted,
        now: Timestamp,
    ) -> Result<Claim, Unavailable> {
        #[expect(clippy::expect_used, reason = "every required field is set")]
        let row = Update::builder()
            .table_name(&self.tables.mail)
            .set_key(Some(mail::key(&mail.key)))
            .update_expression("SET lease_until = :lease ADD attempts :one, unanswered :one")
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
            .set_key(Some(users::user_key(&minted.user)))
            .condition_expression(
                "attribute_exists(pk) AND #status <> :suspended AND epoch = :epoch",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":suspended", s(Status::Suspended.as_str()))
            .expression_attribute_values(":epoch", n(minted.epoch.0))
            .build()
            .expect("a whole check");
        let writes = Transaction::new().update(Write::Row, row);
        let writes = match minted.letter {
            Letter::Link(_) => writes.check(Write::User, user),
            Letter::Notice(_) => writes,
        };
        match writes.commit(self, "reclaim_mail").await {
            Ok(()) => Ok(Claim::Ours),
            Err(Refusal::Conditions(failed)) => {
                let row = failed.iter().any(|(write, _)| *write == Write::Row);
                Ok(if row { Claim::Taken } else { Claim::Superseded })
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
    pub async fn release_mail(
        &self,
        mail: &Mail,
        reason: &str,
        again: Timestamp,
    ) -> Result<(), Unavailable> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.mail)
            .set_key(Some(mail::key(&mail.key)))
            .update_expression("SET lease_until = :again, unanswered = :none, reason = :reason")
            .condition_expression("attribute_exists(pk) AND #status = :sending")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":sending", s("sending"))
            .expression_attribute_values(":again", n(again.millis()))
            .expression_attribute_values(":none", n(0))
            .expression_attribute_values(":reason", s(reason));
        self.update("release_mail", update).await.map(|_done| ())
    }

    /// Ends a mail that is not over yet; one that is, stays as it is. A dropped one loses its
    /// address at once: whoever asked may have typed somebody else's.
    ///
    /// Costs 1 update.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn settle_mail(
        &self,
        mail: &MailKey,
        ending: &Ending<'_>,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let (note, text) = ending.note;
        let remove = if ending.end == End::Dropped {
            "unfinished, lease_until, address"
        } else {
            "unfinished, lease_until"
        };
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.mail)
            .set_key(Some(mail::key(mail)))
            .update_expression(format!(
                "SET #status = :end, ended_at = :now, #note = :note REMOVE {remove}"
            ))
            .condition_expression("attribute_exists(unfinished)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#note", note)
            .expression_attribute_values(":end", s(ending.end.as_str()))
            .expression_attribute_values(":now", n(now.millis()))
            .expression_attribute_values(":note", s(text));
        self.update("settle_mail", update).await.map(|_done| ())
    }
}
