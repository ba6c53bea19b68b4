//! What holds for every answer, whatever was sent.

use super::stage::{PUBLIC, Stage};
use serde_json::Value;

/// What came back, from a function or through the gateway.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Lower-cased names; `set-cookie` among them.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    /// Holds against the promises. `sent` is what was sent, with the words in their places.
    ///
    /// # Panics
    /// When one is broken.
    pub(super) fn check(&self, stage: &Stage, sent: &[u8]) {
        let Self { status, body, .. } = self;
        assert!(
            (200..500).contains(status),
            "the store works, and yet: {status} {body}"
        );
        for (name, value) in &self.headers {
            let visible = value.bytes().all(|byte| (b' '..0x7f).contains(&byte));
            assert!(
                visible,
                "the header {name} holds more than visible ASCII: {value:?}"
            );
        }
        for location in self.all("location") {
            assert!(
                location.starts_with(&format!("{PUBLIC}/auth/")) || self.may_lead(sent),
                "it leads to {location}"
            );
        }
        if self.all("content-security-policy").next().is_some() {
            self.is_one_of_ours();
        }
        self.wrote_nothing_when_refused(stage);
        self.signs_in_only_who_may(stage, sent);
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(move |(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// Only a `next` leads anywhere else on the portal.
    fn may_lead(&self, sent: &[u8]) -> bool {
        sent.windows(4).any(|window| window == b"next")
            && self.all("location").all(|to| to.starts_with(PUBLIC))
    }

    fn is_one_of_ours(&self) {
        let has = |name: &str, value: &str| self.all(name).eq([value]);
        assert!(
            has("cache-control", "no-store") && has("x-content-type-options", "nosniff"),
            "{:?}",
            self.headers
        );
        for cookie in self.all("set-cookie") {
            let (pair, rest) = cookie.split_once(';').unwrap_or_default();
            assert!(
                pair.starts_with("partner.sid=") || pair.starts_with("partner.requests="),
                "{cookie}"
            );
            assert!(rest.ends_with("HttpOnly; SameSite=Lax"), "{cookie}");
        }
        if self.status >= 400 {
            let kind = self.problem();
            assert!(
                kind.is_some_and(|kind| !kind.is_empty()),
                "no problem document: {}",
                self.body
            );
        }
    }

    fn problem(&self) -> Option<String> {
        let document: Value = serde_json::from_str(&self.body).ok()?;
        Some(
            document["type"]
                .as_str()?
                .strip_prefix("urn:vestibule:problem:")?
                .to_owned(),
        )
    }

    fn wrote_nothing_when_refused(&self, stage: &Stage) {
        let bad = [
            "invalid-request",
            "origin-not-allowed",
            "payload-too-large",
            "unsupported-media-type",
        ];
        if self
            .problem()
            .is_some_and(|kind| bad.contains(&kind.as_str()))
        {
            let calls = stage.world.portal.take_calls();
            assert!(
                calls.iter().all(|call| call.service != "dynamodb"),
                "it was refused, but first: {calls:?}"
            );
        }
    }

    fn signs_in_only_who_may(&self, stage: &Stage, sent: &[u8]) {
        let session = self.all("set-cookie").any(|cookie| {
            cookie
                .strip_prefix("partner.sid=")
                .is_some_and(|value| !value.starts_with(';'))
        });
        let known = self.status == 200 && self.body.contains("ada@example.com");
        if session || known {
            let shown =
                ["@LINK@", "@USED@", "@CODE@", "@SESSION@"].map(|word| stage.shows(sent, word));
            assert!(
                shown.contains(&true) || self.all("content-type").any(is_page),
                "signed in: {}",
                self.body
            );
        }
    }
}

/// The page behind a link names nobody whole; what stands in a page was typed into it.
fn is_page(content_type: &str) -> bool {
    content_type.starts_with("text/html")
}
