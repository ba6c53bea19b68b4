//! Emails as the admin API returns them.

use crate::error::Error;
use serde::Deserialize;
use serde_json::Value;
use shared::domain::time::Timestamp;

#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) emails: Vec<Email>,
    pub(super) suppression: Option<Suppression>,
    pub(super) next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Email {
    pub(super) id: String,
    /// Only in the list of held emails.
    #[serde(default)]
    pub(super) address: String,
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) requested_at: Time,
    pub(super) story: Vec<Event>,
}

#[derive(Deserialize)]
pub(super) struct Event {
    pub(super) at: Time,
    pub(super) event: String,
    #[serde(default)]
    pub(super) detail: String,
}

#[derive(Deserialize)]
pub(super) struct Suppression {
    pub(super) since: Time,
    pub(super) reason: String,
    #[serde(default)]
    pub(super) detail: String,
}

/// A time that the API writes in RFC 3339.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Time(pub(super) Timestamp);

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let time = Timestamp::parse_rfc3339(&text);
        time.map(Self)
            .ok_or_else(|| format!("{text} is not a time"))
    }
}

/// Reads a page.
///
/// # Errors
/// [`Error::Failed`] if the portal is of a version whose responses this command cannot read.
pub(super) fn read(page: &Value) -> Result<Page, Error> {
    Page::deserialize(page).map_err(|error| {
        let how = "Use the command of the portal's own version, or --json.";
        Error::Failed(format!("Could not read the response: {error}. {how}"))
    })
}
