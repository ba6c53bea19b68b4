//! The properties of every response, whatever was sent.

use super::fixture::{Fixture, PUBLIC_URL};
use kit::{ADA, routes};
use serde_json::Value;

/// A response of a function or of the gateway.
pub(super) struct Response {
    pub(super) status: u16,
    /// Names in lower case; `set-cookie` is one of them.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Response {
    /// Checks all properties. `sent` is the request, with the placeholders filled in.
    ///
    /// # Panics
    /// If a property does not hold.
    pub(super) fn check(&self, fixture: &Fixture, sent: &[u8]) {
        let Self { status, body, .. } = self;
        assert!(
            (200..500).contains(status),
            "{status} while the store works: {body}"
        );
        for (name, value) in &self.headers {
            let is_visible = value.bytes().all(|byte| (b' '..0x7f).contains(&byte));
            assert!(
                is_visible,
                "the header {name} is not visible ASCII: {value:?}"
            );
        }
        let has_next = sent.windows(4).any(|window| window == b"next");
        for location in self.all("location") {
            let path = location.strip_prefix(PUBLIC_URL);
            assert!(
                path.is_some_and(|path| has_next || path.starts_with(routes::AUTH)),
                "redirected to {location}"
            );
        }
        if self.all("content-security-policy").next().is_some() {
            self.check_own_headers(sent.starts_with(b"HEAD"));
        }
        self.check_refusal(fixture);
        self.check_sign_in(fixture, sent);
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let headers = self.headers.iter().filter(move |(other, _)| other == name);
        headers.map(|(_, value)| value.as_str())
    }

    /// Checks a response of one of our functions.
    fn check_own_headers(&self, is_head: bool) {
        let has = |name: &str, value: &str| self.all(name).eq([value]);
        let is_cacheable = self.all("cache-control").any(|v| v.starts_with("public"));
        assert!(
            has("cache-control", "no-store") || (is_cacheable && self.status == 200),
            "{:?}",
            self.headers
        );
        assert!(
            has("x-content-type-options", "nosniff"),
            "{:?}",
            self.headers
        );
        for cookie in self.all("set-cookie") {
            let is_ours = ["sid", "requests", "known", "draft"]
                .map(|name| cookie.starts_with(&format!("partner.{name}=")));
            let is_protected = cookie.ends_with("; HttpOnly; SameSite=Lax");
            assert!(is_ours.contains(&true) && is_protected, "{cookie}");
        }
        let is_page = self.all("content-type").any(|v| v.starts_with("text/html"));
        assert!(
            self.status < 400 || is_page || is_head || !self.problem().is_empty(),
            "not a problem document: {}",
            self.body
        );
    }

    /// Returns the type of the problem, or an empty string.
    fn problem(&self) -> String {
        let document: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let kind = document["type"].as_str().unwrap_or_default();
        let kind = kind.strip_prefix("urn:vestibule:problem:");
        kind.unwrap_or_default().to_owned()
    }

    /// Checks that a request that is invalid as such was refused before anything was read.
    fn check_refusal(&self, fixture: &Fixture) {
        let invalid = [
            "invalid-request",
            "origin-not-allowed",
            "payload-too-large",
            "unsupported-media-type",
        ];
        if invalid.contains(&self.problem().as_str()) {
            let mut calls = fixture.world.portal.take_calls();
            calls.retain(|call| call.service == "dynamodb");
            assert!(calls.is_empty(), "refused, but after {calls:?}");
        }
    }

    /// Checks that only a credential signs in, or shows who is signed in.
    ///
    /// The page behind a link shows no whole address, other than one that was typed into it.
    fn check_sign_in(&self, fixture: &Fixture, sent: &[u8]) {
        let mut sessions = self
            .all("set-cookie")
            .filter_map(|cookie| cookie.strip_prefix("partner.sid="));
        let has_session = sessions.any(|value| !value.starts_with(';'));
        if has_session || (self.status == 200 && self.body.contains(ADA)) {
            let credentials = ["@LINK@", "@USED@", "@CODE@", "@SESSION@"];
            let has_credential = credentials.iter().any(|name| fixture.has(sent, name));
            let is_page = self
                .all("content-type")
                .any(|kind| kind.starts_with("text/html"));
            assert!(has_credential || is_page, "signed in: {}", self.body);
        }
    }
}
