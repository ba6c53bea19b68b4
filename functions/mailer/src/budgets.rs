//! The limits on how much is sent. They are silent: the response to a request must not show who
//! receives email.

use crate::Mailer;
use shared::domain::email::OutboxEntry;
use shared::domain::rate_limit::{RateLimit, RateLimitScope};
use shared::domain::time::{DAY, HOUR};
use shared::keys::KeyRing;

impl Mailer {
    /// Returns the budgets that an email counts against. Invitations and notices have a budget of
    /// their own, which requests by strangers cannot use up.
    pub(crate) fn budgets(&self, ring: &KeyRing, email: &OutboxEntry) -> Vec<RateLimit> {
        use RateLimitScope::{EmailsPerDay, EmailsPerHour, PortalEmails, ReservedEmails};
        let config = &self.app.config.email;
        let address = email.key.to;
        let portal = ring.keyed_hash(&["portal"]);
        let per_day_portal = |scope| RateLimit::every(DAY, scope, portal, config.per_day_portal);
        if !email.kind.is_self_requested() {
            return vec![per_day_portal(ReservedEmails)];
        }
        vec![
            RateLimit::every(HOUR, EmailsPerHour, address, config.per_hour),
            RateLimit::every(DAY, EmailsPerDay, address, config.per_day),
            per_day_portal(PortalEmails),
        ]
    }
}
