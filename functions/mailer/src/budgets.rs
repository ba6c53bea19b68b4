//! The limits on how much is sent. They are silent: the response to a request must not show who
//! receives email.

use crate::Mailer;
use shared::domain::audit::AuditEvent;
use shared::domain::email::{EmailKind, OutboxEntry, PreparedEmail};
use shared::domain::known_browser;
use shared::domain::portal_budget::shards;
use shared::domain::rate_limit::{RateLimit, RateLimitScope};
use shared::domain::time::{DAY, HOUR, Timestamp};
use shared::keys::KeyRing;
use shared::store::Unavailable;
use shared::store::outbox::ClaimOutcome;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The counters of the portal's budgets that this instance has found full: nothing takes a count
/// back before their day ends. At most 64 for each budget and day.
#[derive(Default)]
pub(crate) struct FullShards(Mutex<BTreeSet<String>>);

impl FullShards {
    fn contains(&self, shard: &RateLimit, now: Timestamp) -> bool {
        let full = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        full.contains(&shard.item_key(now))
    }

    fn insert(&self, shard: &RateLimit, now: Timestamp) {
        let mut full = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        full.insert(shard.item_key(now));
    }
}

impl Mailer {
    /// Claims an email within its budgets. Where its shard of the portal's budget is full, tries
    /// the others, so that a budget is used up to the last email. An email over a budget that this
    /// instance knows to be used up costs one transaction.
    ///
    /// # Errors
    /// [`Unavailable`] where the store cannot be reached.
    pub(crate) async fn claim_within_budgets(
        &self,
        ring: &KeyRing,
        email: &OutboxEntry,
        prepared: &PreparedEmail,
        event: &AuditEvent,
    ) -> Result<ClaimOutcome, Unavailable> {
        let store = &self.app.store;
        let (mut budgets, of_portal) = self.budgets(ring, email);
        let Some(scope) = of_portal else {
            return store.claim_email(email, prepared, &budgets, event).await;
        };
        let count = shards(self.app.config.email.per_day_portal);
        let first = email.key.id.spread(count);
        let shard = |n| self.app.budget_shard(ring, scope, (first + n) % count);
        let is_open = |shard: &RateLimit| !self.full_shards.contains(shard, event.at);
        let mut open = (0..count).map(shard).filter(is_open);
        let mut next = open.next().unwrap_or_else(|| shard(0));
        loop {
            budgets.push(next.clone());
            let outcome = store.claim_email(email, prepared, &budgets, event).await?;
            if !matches!(outcome, ClaimOutcome::OverBudget(budget) if budget.is_of_portal()) {
                return Ok(outcome);
            }
            self.full_shards.insert(&next, event.at);
            budgets.pop();
            match open.next() {
                Some(shard) => next = shard,
                None => return Ok(outcome),
            }
        }
    }

    /// Returns the budgets that an email counts against: its own, and the one of the whole portal.
    /// Those of one kind cannot be used up by another, those of a known browser by nobody else. A
    /// notice has none: it is always sent, and so is what an administrator sends again.
    fn budgets(
        &self,
        ring: &KeyRing,
        email: &OutboxEntry,
    ) -> (Vec<RateLimit>, Option<RateLimitScope>) {
        use RateLimitScope::{
            EmailsPerDay, EmailsPerHour, Invitations, KnownBrowserEmailsPerDay,
            KnownBrowserEmailsPerHour, PortalEmails, SignUp, SignUpEmails,
        };
        if email.redriven {
            return (vec![], None);
        }
        let config = &self.app.config.email;
        let address = email.key.to;
        match (&email.kind, email.known_browser) {
            (EmailKind::Notice(..), _) => (vec![], None),
            (EmailKind::Invitation(..), _) => (vec![], Some(Invitations)),
            (_, Some(browser)) => {
                let (per_hour, per_day) = (
                    known_browser::EMAILS_PER_HOUR,
                    known_browser::EMAILS_PER_DAY,
                );
                let own = vec![
                    RateLimit::every(HOUR, KnownBrowserEmailsPerHour, browser, per_hour),
                    RateLimit::every(DAY, KnownBrowserEmailsPerDay, browser, per_day),
                ];
                (own, None)
            }
            (EmailKind::SignUp { .. }, None) => {
                let mailbox = ring.keyed_hash(&["sign-up", &email.address.without_tag()]);
                let per_day = self.app.config.request_limits.sign_ups_per_day;
                let own = vec![RateLimit::every(DAY, SignUp, mailbox, per_day)];
                (own, Some(SignUpEmails))
            }
            (EmailKind::SignIn | EmailKind::Reset, None) => {
                let own = vec![
                    RateLimit::every(HOUR, EmailsPerHour, address, config.per_hour),
                    RateLimit::every(DAY, EmailsPerDay, address, config.per_day),
                ];
                (own, Some(PortalEmails))
            }
        }
    }
}
