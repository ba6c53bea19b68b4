//! The limits on how much is sent. They are silent: the response to a request must not show who
//! receives email.

use crate::Mailer;
use shared::domain::email::{EmailKind, OutboxEntry};
use shared::domain::known_browser;
use shared::domain::rate_limit::{RateLimit, RateLimitScope};
use shared::domain::time::{DAY, HOUR};
use shared::keys::KeyRing;

impl Mailer {
    /// Returns the budgets that an email counts against. Those of one kind cannot be used up by
    /// another, those of a known browser by nobody else. A notice has none: it is always sent, and
    /// so is what an administrator sends again.
    pub(crate) fn budgets(&self, ring: &KeyRing, email: &OutboxEntry) -> Vec<RateLimit> {
        use RateLimitScope::{
            EmailsPerDay, EmailsPerHour, KnownBrowserEmailsPerDay, KnownBrowserEmailsPerHour,
            PortalEmails, SignUp, SignUpEmails,
        };
        if email.redriven {
            return vec![];
        }
        let config = &self.app.config.email;
        let address = email.key.to;
        let portal = ring.keyed_hash(&["portal"]);
        let per_day_portal = |scope| RateLimit::every(DAY, scope, portal, config.per_day_portal);
        match (&email.kind, email.known_browser) {
            (EmailKind::Notice(..), _) => vec![],
            (EmailKind::Invitation(..), _) => vec![self.app.invitation_budget(ring)],
            (_, Some(browser)) => {
                let (per_hour, per_day) = (
                    known_browser::EMAILS_PER_HOUR,
                    known_browser::EMAILS_PER_DAY,
                );
                vec![
                    RateLimit::every(HOUR, KnownBrowserEmailsPerHour, browser, per_hour),
                    RateLimit::every(DAY, KnownBrowserEmailsPerDay, browser, per_day),
                ]
            }
            (EmailKind::SignUp { .. }, None) => {
                let mailbox = ring.keyed_hash(&["sign-up", &email.address.without_tag()]);
                let per_day = self.app.config.request_limits.sign_ups_per_day;
                vec![
                    RateLimit::every(DAY, SignUp, mailbox, per_day),
                    per_day_portal(SignUpEmails),
                ]
            }
            (EmailKind::SignIn | EmailKind::Reset, None) => vec![
                RateLimit::every(HOUR, EmailsPerHour, address, config.per_hour),
                RateLimit::every(DAY, EmailsPerDay, address, config.per_day),
                per_day_portal(PortalEmails),
            ],
        }
    }
}
