//! An email that the portal sent.

use crate::routes;
use std::collections::BTreeMap;

/// An email from the inbox of the embedded portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    pub to: String,
    /// The tags that SES repeats in its events.
    pub tags: BTreeMap<String, String>,
    pub from: String,
    pub subject: String,
    /// The headers that the mailer added, by name.
    pub headers: BTreeMap<String, String>,
    pub text: String,
    pub html: String,
    /// The links of the plain-text part that carry a token.
    pub links: Vec<String>,
    /// The code of the plain-text part, such as `1234 5678`, or an empty string.
    pub code: String,
}

impl From<local::ReceivedEmail> for Email {
    fn from(email: local::ReceivedEmail) -> Self {
        Self {
            to: email.to,
            tags: email.tags,
            from: email.from,
            subject: email.subject,
            headers: email.headers,
            text: email.text,
            html: email.html,
            links: email.links,
            code: email.code.unwrap_or_default(),
        }
    }
}

impl Email {
    /// Returns the first link, or an empty string.
    pub fn link(&self) -> &str {
        self.links.first().map_or("", String::as_str)
    }

    /// Returns the path of the link to one of the portal's own pages.
    pub fn path(&self) -> &str {
        let start = self.link().find(routes::AUTH);
        start.map_or("", |start| &self.link()[start..])
    }

    /// Returns the token of the link.
    pub fn token(&self) -> String {
        let last = self.link().rsplit(['/', '=']).next();
        last.unwrap_or_default().to_owned()
    }

    /// Returns a code that differs from the email's.
    pub fn wrong_code(&self) -> String {
        let digits: u64 = self.code.replace(' ', "").parse().unwrap_or_default();
        format!("{:08}", (digits + 1) % 100_000_000)
    }
}
