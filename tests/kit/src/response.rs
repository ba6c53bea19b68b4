//! A response of the API.

use serde_json::Value;
use std::collections::BTreeMap;

/// A response of the API.
#[derive(Debug, Clone)]
pub struct ApiResponse {
    pub(crate) request: String,
    pub(crate) origin: String,
    pub status: u16,
    /// The headers, without those that differ from response to response.
    pub headers: BTreeMap<String, String>,
    /// The values of `Set-Cookie`.
    pub cookies: Vec<String>,
    pub body: String,
}

impl ApiResponse {
    /// Returns the body as JSON, or null if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// Returns the last part of the problem's type, such as `invalid-token`, or an empty string.
    pub fn problem(&self) -> String {
        let kind = self.json()["type"].as_str().unwrap_or_default().to_owned();
        kind.rsplit(':').next().unwrap_or_default().to_owned()
    }

    /// Returns the URL it redirects to.
    pub fn location(&self) -> String {
        self.headers.get("location").cloned().unwrap_or_default()
    }

    /// Returns the status with the problem or with the path it redirects to, such as `200`,
    /// `400 invalid-token` or `303 /auth/account`.
    ///
    /// A redirect to another origin is given in full.
    pub fn outcome(&self) -> String {
        let location = self.location();
        let path = location.strip_prefix(&self.origin).unwrap_or(&location);
        let detail = format!("{}{path}", self.problem());
        format!("{} {detail}", self.status).trim_end().to_owned()
    }

    /// Asserts that this is the [outcome](Self::outcome).
    #[track_caller]
    pub fn assert(self, outcome: &str) -> Self {
        assert_eq!(self.outcome(), outcome, "{}\n{}", self.request, self.body);
        self
    }

    /// Asserts that the body, a page, contains this text.
    #[track_caller]
    pub fn assert_contains(self, text: &str) -> Self {
        assert!(
            self.body.contains(text),
            "{text} is not in the response to {}\n{}",
            self.request,
            self.body
        );
        self
    }

    /// Asserts that the body, a page, does not contain this text.
    #[track_caller]
    pub fn assert_lacks(self, text: &str) -> Self {
        assert!(
            !self.body.contains(text),
            "{text} is in the response to {}\n{}",
            self.request,
            self.body
        );
        self
    }

    /// Returns the `id` of the user or session in the body, or an empty string.
    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns the value of a form field of the page, or an empty string.
    pub fn field(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let rest = self.body.split_once(&mark).map(|(_, rest)| rest);
        let value = rest.and_then(|rest| rest.split('"').next());
        value.unwrap_or_default().to_owned()
    }
}
