//! Pages of emails as responses show them.

use crate::story::{StoryEvent, story};
use serde::Serialize;
use shared::admin::EmailView;
use shared::domain::email::{DeliveryRecord, Suppression};
use shared::domain::ids::{LinkId, RecordId};
use shared::domain::time::Timestamp;
use std::collections::HashMap;

/// A page of emails, with the times at which their links were used.
pub(crate) struct Found {
    pub(crate) emails: Vec<DeliveryRecord>,
    pub(crate) uses: HashMap<LinkId, Timestamp>,
    pub(crate) next: Option<RecordId>,
}

#[derive(Serialize)]
pub(crate) struct EmailPage<'a> {
    emails: Vec<EmailWithStory<'a>>,
    /// Left out of a user's page.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppression: Option<Option<SuppressionView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

#[derive(Serialize)]
pub(crate) struct EmailWithStory<'a> {
    #[serde(flatten)]
    email: EmailView<'a>,
    /// Left out where the page is of one address.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    story: Vec<StoryEvent<'a>>,
}

#[derive(Serialize)]
pub(crate) struct SuppressionView<'a> {
    since: String,
    reason: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
}

impl<'a> EmailPage<'a> {
    pub(crate) fn new(found: &'a Found, suppression: Option<Option<SuppressionView<'a>>>) -> Self {
        let emails = found.emails.iter().map(|email| {
            let used_at = email.link.as_ref().and_then(|link| found.uses.get(link));
            EmailWithStory::new(email, used_at.copied())
        });
        Self {
            emails: emails.collect(),
            suppression,
            next: found.next.as_ref().map(RecordId::as_str),
        }
    }
}

impl<'a> EmailWithStory<'a> {
    fn new(email: &'a DeliveryRecord, used_at: Option<Timestamp>) -> Self {
        Self {
            email: EmailView::from(email),
            address: None,
            story: story(email, used_at),
        }
    }

    /// Shows an email that was held back, whose link nobody has.
    pub(crate) fn held(email: &'a DeliveryRecord) -> Self {
        Self {
            address: email.address.as_ref().map(|address| address.as_str()),
            ..Self::new(email, None)
        }
    }
}

impl<'a> From<&'a Suppression> for SuppressionView<'a> {
    fn from(suppression: &'a Suppression) -> Self {
        Self {
            since: suppression.since.rfc3339(),
            reason: suppression.reason.as_str(),
            detail: &suppression.detail,
        }
    }
}
