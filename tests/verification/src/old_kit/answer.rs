//! What comes back: answers and mails.

use reqwest::StatusCode;
use reqwest::header::LOCATION;
use serde_json::Value;
use std::collections::BTreeMap;

/// A mail from the inbox.
pub struct Mail(pub Value);

impl Mail {
    /// The address of the link's page, without the origin.
    pub fn path(&self) -> String {
        let link = self.0["links"][0].as_str().unwrap_or_default();
        link.find("/auth/")
            .map(|at| link[at..].to_owned())
            .unwrap_or_default()
    }

    /// The link's token.
    pub fn token(&self) -> String {
        self.path()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    /// The code.
    pub fn code(&self) -> String {
        self.0["code"].as_str().unwrap_or_default().to_owned()
    }

    /// A code that it is not.
    pub fn other_code(&self) -> String {
        let digits: u64 = self.code().replace(' ', "").parse().unwrap_or_default();
        format!("{:08}", (digits + 1) % 100_000_000)
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers, without those that differ by nature.
    pub headers: BTreeMap<String, String>,
    /// The `Set-Cookie` values.
    pub cookies: Vec<String>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The last part of the problem's type.
    pub fn problem(&self) -> String {
        let kind = self.json()["type"].as_str().unwrap_or_default().to_owned();
        kind.rsplit(':').next().unwrap_or_default().to_owned()
    }

    /// Where it leads.
    pub fn location(&self) -> String {
        self.headers
            .get(LOCATION.as_str())
            .cloned()
            .unwrap_or_default()
    }

    /// A hidden field of the page.
    pub fn field(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let value = self
            .body
            .split_once(&mark)
            .map(|(_, rest)| rest)
            .unwrap_or_default();
        value.split('"').next().unwrap_or_default().to_owned()
    }
}
