//! Claims a queued email, in order to send it.

use crate::domain::audit::AuditEvent;
use crate::domain::email::{Budget, OutboxEntry, PreparedEmail};
use crate::domain::rate_limit::{RateLimit, RateLimitScope};
use crate::domain::time::Timestamp;
use crate::store::expression::Expression;
use crate::store::item::{n, s};
use crate::store::outbox::LEASE;
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::{Store, Unavailable};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// The caller holds the claim and sends the email.
    Claimed,
    /// The address is suppressed. Nothing was written.
    Suppressed,
    /// This budget is used up. Nothing was written.
    OverBudget(Budget),
    /// The user's epoch has moved since the link was prepared, or they are suspended or erased.
    Superseded,
    /// Another mailer holds the claim, or the email is finished.
    HeldElsewhere,
}

#[derive(Clone, Copy, PartialEq)]
enum Write {
    Email,
    Suppression,
    Link,
    Budget(RateLimitScope),
    Audit,
}

impl Store {
    /// Claims a queued email to an address that is not suppressed within all `budgets`, creates its
    /// link and records `event`, all together. Stores what is `prepared`, so that every retry sends
    /// the same link.
    ///
    /// Costs 1 transaction of 1 update, 1 condition check, 1 update for each budget, and 2 puts.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn claim_email(
        &self,
        entry: &OutboxEntry,
        prepared: &PreparedEmail,
        budgets: &[RateLimit],
        event: &AuditEvent,
    ) -> Result<ClaimOutcome, Unavailable> {
        let now = event.at;
        let counts = budgets
            .iter()
            .map(|budget| (Write::Budget(budget.scope), self.increment(budget, now)));
        let writes = Transaction::new()
            .update(Write::Email, self.claimed_email(entry, prepared, now))
            .check(Write::Suppression, self.unsuppressed(&entry.key.to))
            .put(Write::Link, self.new_link(entry, prepared))
            .put(Write::Audit, self.audit_record(event))
            .updates(counts);
        match writes.commit(self, "claim_email").await {
            Ok(()) => Ok(ClaimOutcome::Claimed),
            Err(TransactionError::Conditions(failed)) => {
                let failed: Vec<_> = failed.into_iter().map(|(write, _)| write).collect();
                Ok(refused_claim(&failed))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn claimed_email(
        &self,
        entry: &OutboxEntry,
        prepared: &PreparedEmail,
        now: Timestamp,
    ) -> Expression {
        self.email_row(&entry.key)
            .set("#status = :sending, template = :template, lease_until = :lease")
            .set("attempts = :one, lost_claims = :one, claimed_at = :now")
            .set("user_id = :user, epoch = :epoch, account = :account")
            .set("kid = :kid, link_expires_at = :link_expires_at")
            .remove("reason")
            .when("attribute_exists(pk) AND #status = :queued")
            .names([("#status", "status")])
            .values([
                (":sending", s("sending")),
                (":queued", s("queued")),
                (":now", n(now.millis())),
                (":lease", n(now.plus(LEASE).millis())),
                (":one", n(1)),
                (":user", s(prepared.user.as_str())),
                (":template", s(prepared.template.as_str())),
                (":epoch", n(prepared.epoch.get())),
                (":account", s(prepared.account.as_str())),
                (":kid", s(&prepared.kid)),
                (":link_expires_at", n(prepared.expires_at.millis())),
            ])
    }
}

/// Returns the outcome of a claim that failed these conditions. Of several budgets, the one of the
/// whole portal counts, which has an alarm.
fn refused_claim(failed: &[Write]) -> ClaimOutcome {
    if failed.contains(&Write::Email) {
        return ClaimOutcome::HeldElsewhere;
    }
    if failed.contains(&Write::Suppression) {
        return ClaimOutcome::Suppressed;
    }
    let budgets = failed.iter().map(|write| match write {
        Write::Budget(scope) => Some(budget(*scope)),
        Write::Email | Write::Suppression | Write::Link | Write::Audit => None,
    });
    let budgets: Option<Vec<_>> = budgets.collect();
    let used_up = budgets.and_then(|budgets| {
        let of_portal = budgets.iter().find(|budget| budget.is_of_portal());
        of_portal.or(budgets.first()).copied()
    });
    used_up.map_or(ClaimOutcome::HeldElsewhere, ClaimOutcome::OverBudget)
}

/// Returns the budget that a counter belongs to.
const fn budget(scope: RateLimitScope) -> Budget {
    match scope {
        RateLimitScope::PortalEmails => Budget::Portal,
        RateLimitScope::SignUpEmails => Budget::SignUps,
        RateLimitScope::Invitations => Budget::Invitations,
        RateLimitScope::KnownBrowserEmailsPerHour | RateLimitScope::KnownBrowserEmailsPerDay => {
            Budget::KnownBrowser
        }
        _ => Budget::Address,
    }
}
