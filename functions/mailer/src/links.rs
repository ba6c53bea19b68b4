//! The links in emails: how long they work, and where they point.

use crate::Mailer;
use shared::domain::code::Code;
use shared::domain::email::{EmailKind, EmailTemplate, OutboxEntry};
use shared::domain::link::{Link, LinkClaims, LinkNext, Purpose};
use shared::domain::paths;
use shared::domain::time::{DAY, Timestamp};
use shared::keys::{Key, KeyRing};
use std::time::Duration;

/// The age at which a notice is not sent any more.
const NOTICE_LIFETIME: Duration = DAY;

/// The length of a URL from which on its `next` is left to the link's row, in characters: lines of
/// an email have at most 998 (RFC 5322, 2.1.1).
const MAX_URL_LENGTH: usize = 900;

/// A link as its email shows it, and the code that belongs to it.
pub(crate) struct LinkAndCode {
    pub(crate) url: String,
    pub(crate) code: Code,
}

impl Mailer {
    /// Returns the time after which the email is not sent, in whole seconds. Its link expires then
    /// too, unless it is that of a notice. It depends on when the email was requested, or on when
    /// its wait for a budget ends, not on when it is sent.
    pub(crate) fn expires_at(&self, email: &OutboxEntry, template: EmailTemplate) -> Timestamp {
        let links = &self.app.config.links;
        let lifetime = match template {
            _ if matches!(email.kind, EmailKind::Invitation(..)) => links.activation_lifetime,
            EmailTemplate::Link(Purpose::SignIn) => links.lifetime,
            EmailTemplate::Link(Purpose::Activation) => links.activation_lifetime,
            EmailTemplate::Link(Purpose::Reset) => links.reset_lifetime,
            EmailTemplate::Link(Purpose::Report) | EmailTemplate::Notice(_) => NOTICE_LIFETIME,
        };
        let start = email.waits_until.unwrap_or(email.requested_at);
        Timestamp::from_secs(start.plus(lifetime).secs())
    }

    /// Signs `link` with `key`, which its first claim chose. A `next` that makes the URL too long
    /// stays in the link's row.
    pub(crate) fn link_and_code(&self, ring: &KeyRing, key: &Key, link: &Link) -> LinkAndCode {
        let code = key.code(&link.id);
        let claims = LinkClaims::from(link.clone());
        let url = self.url(link.purpose, &ring.sign_link(key, &claims));
        if url.len() <= MAX_URL_LENGTH || link.next == LinkNext::None {
            return LinkAndCode { url, code };
        }
        let shorter = LinkClaims {
            next: LinkNext::Stored,
            ..claims
        };
        let url = self.url(link.purpose, &ring.sign_link(key, &shorter));
        LinkAndCode { url, code }
    }

    /// Returns the URL of the built-in page, or of the frontend's page if one is configured. The
    /// frontend gets the token in the fragment, which browsers send to no server.
    fn url(&self, purpose: Purpose, token: &str) -> String {
        let links = &self.app.config.links;
        let frontend_page = match purpose {
            Purpose::SignIn | Purpose::Report => None,
            Purpose::Activation => links.activate_url.as_ref(),
            Purpose::Reset => links.reset_url.as_ref(),
        };
        if let Some(page) = frontend_page {
            return format!("{page}#token={token}");
        }
        let page = match purpose {
            Purpose::SignIn => paths::VERIFY,
            Purpose::Activation => paths::ACTIVATE,
            Purpose::Reset => paths::RESET_PASSWORD,
            Purpose::Report => paths::REPORT,
        };
        paths::link_page(&self.public, page, token)
    }
}
