//! The limits on how much is sent. They are silent: the response to a request must not show who
//! receives email.

use crate::Mailer;
use shared::domain::email::OutboxEntry;
use shared::domain::rate_limit::{RateLimit, RateLimitScope, Window};
use shared::keys::KeyRing;
use std::time::Duration;

const HOUR: Window = Window::Aligned(Duration::from_secs(3600));
const DAY: Window = Window::Aligned(Duration::from_secs(86_400));

impl Mailer {
    /// Returns the budgets that an email counts against. Invitations and notices have a budget of
    /// their own, which requests by strangers cannot use up.
    pub(crate) fn budgets(&self, ring: &KeyRing, email: &OutboxEntry) -> Vec<RateLimit> {
        let config = &self.app.config.email;
        let address = email.key.to;
        let portal = ring.keyed_hash(&["portal"]);
        let budget = |scope, key, window, limit| RateLimit {
            scope,
            key,
            window,
            limit,
        };
        if !email.kind.is_self_requested() {
            return vec![budget(
                RateLimitScope::ReservedEmails,
                portal,
                DAY,
                config.per_day_portal,
            )];
        }
        vec![
            budget(
                RateLimitScope::EmailsPerHour,
                address,
                HOUR,
                config.per_hour,
            ),
            budget(RateLimitScope::EmailsPerDay, address, DAY, config.per_day),
            budget(
                RateLimitScope::PortalEmails,
                portal,
                DAY,
                config.per_day_portal,
            ),
        ]
    }
}
