//! The message that SES sends: its template, filled for one email.

use crate::links::LinkAndCode;
use shared::config::{Config, SupportContact};
use shared::domain::client::ClientInfo;
use shared::domain::email::{EmailKind, OutboxEntry};
use shared::domain::origin::Origin;
use shared::email::{Contents, Frame, MessageKind, Template};

pub(crate) struct Message {
    /// Differs between any two emails, and is the same at every attempt to send one.
    pub(crate) reference: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) reply_to: Option<String>,
    pub(crate) subject: String,
    pub(crate) html: String,
    pub(crate) text: String,
}

impl Message {
    /// Fills `template` for `email`. `public` is the origin of the built-in pages.
    pub(crate) fn new(
        config: &Config,
        public: &Origin,
        email: &OutboxEntry,
        (kind, template): (MessageKind, &Template),
        link: &LinkAndCode,
    ) -> Self {
        let code = link.code.expose();
        // No browser has requested an invitation.
        let is_invitation = matches!(email.kind, EmailKind::Invitation(..));
        let nobody = ClientInfo::default();
        let contents = Contents {
            kind,
            language: email.language,
            client: if is_invitation {
                &nobody
            } else {
                &email.client
            },
            requested_at: email.requested_at,
            link: (&link.url, &code),
        };
        let frame = Frame {
            brand: &config.brand,
            language: email.language,
        };
        let rendered = template.render(&contents.values(config, public), &frame);
        Self {
            reference: email.key.id.as_str().to_owned(),
            from: config.email.sender.clone(),
            to: email.address.to_string(),
            reply_to: match &config.brand.support {
                Some(SupportContact::Email(address)) => Some(address.to_string()),
                _ => None,
            },
            subject: rendered.subject,
            html: rendered.html,
            text: rendered.text,
        }
    }
}
