//! The keys as text and as JSON.

use serde::Serialize;
use shared::domain::language::Language;
use shared::domain::time::Timestamp;
use shared::keys::{AccessTokenKeys, KeyRing};
use std::time::Duration;

#[derive(Serialize)]
pub(super) struct View {
    stack: String,
    /// The keys of the ring.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ring: Vec<KeyView>,
    /// The keys of access tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<KeyView>,
    #[serde(skip)]
    now: Timestamp,
}

/// A key; times are RFC 3339.
#[derive(Serialize)]
struct KeyView {
    kid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    signs_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retires_from: Option<String>,
    #[serde(skip)]
    note: String,
}

/// A key of either kind.
struct Key<'a> {
    kid: &'a str,
    arn: Option<&'a str>,
    signs: bool,
    signs_from: Option<Timestamp>,
    retires_from: Option<Timestamp>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Known, and does not sign yet.
    Next,
    Signing,
    /// Known, and does not sign any more.
    Superseded,
}

impl View {
    pub(super) fn new(stack: &str, now: Timestamp) -> Self {
        Self {
            stack: stack.to_owned(),
            ring: vec![],
            keys: vec![],
            now,
        }
    }

    /// Adds the keys of the ring, whose tokens live for `lifetime` at most.
    pub(super) fn add_ring(&mut self, ring: &KeyRing, lifetime: Duration) {
        let signing = ring.signing_key(self.now).map(|key| &key.kid);
        let views = ring.all().iter().enumerate().map(|(position, key)| {
            let key = Key {
                kid: &key.kid,
                arn: None,
                signs: signing == Some(&key.kid),
                signs_from: (position > 0).then_some(key.usable_from),
                retires_from: ring.retires_from(key, lifetime),
            };
            KeyView::new(&key, self.now)
        });
        self.ring = views.collect();
    }

    /// Adds the keys of access tokens.
    pub(super) fn add_access_tokens(&mut self, keys: &AccessTokenKeys) {
        let views = keys.all().map(|key| {
            let key = Key {
                kid: key.kid(),
                arn: Some(key.arn.as_str()),
                signs: keys.signing(self.now) == key,
                signs_from: keys.signs_from(key),
                retires_from: keys.retires_from(key),
            };
            KeyView::new(&key, self.now)
        });
        self.keys = views.collect();
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    pub(super) fn text(&self) -> String {
        let parts = [
            ("Keys of the key ring", &self.ring),
            ("Keys of the access tokens", &self.keys),
        ];
        let parts = parts.iter().filter(|(_, keys)| !keys.is_empty());
        let parts = parts.map(|(title, keys)| {
            let lines = keys
                .iter()
                .map(|key| format!("\n  {}  {}", key.kid, key.note));
            format!("{title} of {}:{}", self.stack, lines.collect::<String>())
        });
        parts.collect::<Vec<_>>().join("\n")
    }
}

impl KeyView {
    fn new(key: &Key<'_>, now: Timestamp) -> Self {
        let moment = |at| Language::English.moment(at);
        let (state, note) = match (key.signs_from, key.retires_from) {
            _ if key.signs => (State::Signing, "signs".to_owned()),
            (Some(from), _) if from > now => (
                State::Next,
                format!("published, signs from {}", moment(from)),
            ),
            (_, Some(from)) if from > now => {
                let note = format!("superseded, may be retired from {}", moment(from));
                (State::Superseded, note)
            }
            (_, Some(_)) => (State::Superseded, "superseded, may be retired".to_owned()),
            (_, None) => (State::Superseded, "superseded, always stays".to_owned()),
        };
        Self {
            kid: key.kid.to_owned(),
            arn: key.arn.map(str::to_owned),
            state,
            signs_from: key.signs_from.map(Timestamp::rfc3339),
            retires_from: key.retires_from.map(Timestamp::rfc3339),
            note,
        }
    }
}
