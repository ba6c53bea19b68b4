//! The tags of an email. SES repeats them in its events, and builds `Feedback-ID` from two of them.

use crate::Mailer;
use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::types::MessageTag;
use shared::domain::email::{OutboxEntry, PreparedEmail, TAG};

impl Mailer {
    /// Returns the tags of an email: its row, its template and the portal. None of them tells
    /// anything about the recipient.
    pub(crate) fn tags(&self, email: &OutboxEntry, prepared: &PreparedEmail) -> Vec<MessageTag> {
        let row = email.key.to_tag();
        let tags = [
            (TAG, row.as_str()),
            ("ses:feedback-id-a", prepared.template.as_str()),
            ("ses:feedback-id-b", self.app.config.portal.as_str()),
        ];
        let tag = |(name, value)| MessageTag::builder().name(name).value(value).build();
        let tags: Result<_, BuildError> = tags.into_iter().map(tag).collect();
        // Only a missing name or value fails.
        tags.unwrap_or_default()
    }
}
