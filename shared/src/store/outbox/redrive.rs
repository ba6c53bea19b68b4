//! Sends an email again that was held back, as an administrator wishes.

use crate::domain::audit::AuditEvent;
use crate::domain::email::{DeliveryRecord, OutboxKey, Redrive, UndoneEnd};
use crate::domain::time::Timestamp;
use crate::store::expression::Expression;
use crate::store::item::{n, s};
use crate::store::outbox::outbox_item;
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::types::AttributeValue;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedriveOutcome {
    /// The mailer sends the email with its next sweep. No budget limits it.
    Redriven,
    /// The link of the email has expired. The email has ended as `expired`.
    Expired,
    /// The email was not held back, or somebody else has redriven it.
    NotHeld,
    /// The address is suppressed. Nothing was written.
    Suppressed,
}

#[derive(Clone, Copy, PartialEq)]
enum Write {
    Email,
    Suppression,
    Audit,
}

impl Store {
    /// Gives an email that was held back, or that waits for its budget, to the mailer again, and
    /// records `event`. An email that was claimed before keeps its link. `email` is as it was read:
    /// if it has changed since, nothing is written.
    ///
    /// Costs 1 transaction of 1 update, 1 put and 1 condition check; nothing for an email that was
    /// not held back.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn redrive_email(
        &self,
        key: &OutboxKey,
        email: &DeliveryRecord,
        event: &AuditEvent,
    ) -> Result<RedriveOutcome, Unavailable> {
        let now = event.at;
        let row = self.email_row(key);
        let is_expired = email.is_held() && email.held_until.is_some_and(|until| until <= now);
        let redriven = if is_expired {
            expired(row)
        } else if email.is_held() {
            unheld(row, key, email)
        } else if email.is_waiting(now) {
            advanced(row)
        } else {
            return Ok(RedriveOutcome::NotHeld);
        };
        let mut writes = Transaction::new()
            .update(Write::Email, recorded(redriven, email, now))
            .put(Write::Audit, self.audit_record(event));
        if !is_expired {
            writes = writes.check(Write::Suppression, self.unsuppressed(&key.to));
        }
        match writes.commit(self, "redrive_email").await {
            Ok(()) if is_expired => Ok(RedriveOutcome::Expired),
            Ok(()) => Ok(RedriveOutcome::Redriven),
            Err(TransactionError::Conditions(failed)) => {
                let has_changed = failed.iter().any(|(write, _)| *write == Write::Email);
                Ok(if has_changed {
                    RedriveOutcome::NotHeld
                } else {
                    RedriveOutcome::Suppressed
                })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Returns the update of an email whose link has expired.
fn expired(row: Expression) -> Expression {
    row.set("#status = :expired, ended_at = :now, reason = :reason")
        .remove("unfinished")
        .when("unfinished = :held AND ended_at = :ended_at")
        .values([(":expired", s("expired")), (":reason", s("link-expired"))])
}

/// Returns the update of an email that was held back: the mailer claims it, or claims it again.
fn unheld(row: Expression, key: &OutboxKey, email: &DeliveryRecord) -> Expression {
    let row = row
        .set("#status = :status, unfinished = :unfinished, due_at = :now")
        .remove("reason, ended_at")
        .when("unfinished = :held AND ended_at = :ended_at AND attribute_not_exists(events)")
        .values([(":unfinished", s(outbox_item::unfinished(&key.id)))]);
    if email.attempts == 0 {
        return row.values([(":status", s("queued"))]);
    }
    row.set("lease_until = :now, lost_claims = :none")
        .values([(":status", s("sending")), (":none", n(0))])
}

/// Returns the update of an email that waits: its wait, and the lifetime of its link, ends and
/// begins now.
fn advanced(row: Expression) -> Expression {
    row.set("waits_until = :now, due_at = :now")
        .remove("reason")
        .when("unfinished = :unfinished AND #status = :queued AND waits_until > :now")
        .values([
            (":unfinished", s(outbox_item::WAITING)),
            (":queued", s("queued")),
        ])
}

/// Adds what every redrive stores: the end that it undoes, and when.
fn recorded(update: Expression, email: &DeliveryRecord, now: Timestamp) -> Expression {
    let ended_at = email.held_until.and(email.ended_at);
    let undone = ended_at.map(|at| UndoneEnd {
        at,
        status: email.stored_status.clone(),
        reason: email.stored_reason.clone().unwrap_or_default(),
    });
    let entry = outbox_item::redrive(&Redrive { at: now, undone });
    let update = update
        .set("redriven_at = :now, redrives = list_append(if_not_exists(redrives, :empty), :entry)")
        .names([("#status", "status")])
        .values([
            (":now", n(now.millis())),
            (":empty", AttributeValue::L(vec![])),
            (":entry", AttributeValue::L(vec![entry])),
        ]);
    match ended_at {
        Some(at) => update.values([
            (":held", s(outbox_item::HELD)),
            (":ended_at", n(at.millis())),
        ]),
        None => update,
    }
}
