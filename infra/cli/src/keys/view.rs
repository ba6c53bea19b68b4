//! The keys as text and as JSON.

use serde::Serialize;
use shared::domain::language::Language;
use shared::domain::time::Timestamp;
use shared::keys::{AccessTokenKey, AccessTokenKeys};

#[derive(Serialize)]
pub(super) struct View {
    stack: String,
    keys: Vec<KeyView>,
}

/// A key; times are RFC 3339.
#[derive(Serialize)]
struct KeyView {
    kid: String,
    arn: String,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    signs_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retires_from: Option<String>,
    #[serde(skip)]
    note: String,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Published, and does not sign yet.
    Next,
    Signing,
    /// Published, and does not sign any more.
    Superseded,
}

impl View {
    pub(super) fn new(stack: &str, keys: &AccessTokenKeys, now: Timestamp) -> Self {
        let keys = keys.all().map(|key| KeyView::new(keys, key, now)).collect();
        Self {
            stack: stack.to_owned(),
            keys,
        }
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    pub(super) fn text(&self) -> String {
        let lines: Vec<_> = self
            .keys
            .iter()
            .map(|key| format!("  {}  {}", key.kid, key.note))
            .collect();
        format!(
            "Keys of the access tokens of {}:\n{}",
            self.stack,
            lines.join("\n")
        )
    }
}

impl KeyView {
    fn new(keys: &AccessTokenKeys, key: &AccessTokenKey, now: Timestamp) -> Self {
        let signs_from = keys.signs_from(key);
        let retires_from = keys.retires_from(key);
        let is_next = signs_from.is_some_and(|from| from > now);
        let (state, note) = match retires_from {
            _ if keys.signing(now) == key => (State::Signing, "signs".to_owned()),
            _ if is_next => {
                let from = signs_from
                    .map(|at| Language::English.moment(at))
                    .unwrap_or_default();
                (State::Next, format!("published, signs from {from}"))
            }
            Some(from) if from > now => {
                let note = format!(
                    "superseded, may be retired from {}",
                    Language::English.moment(from)
                );
                (State::Superseded, note)
            }
            _ => (State::Superseded, "superseded, may be retired".to_owned()),
        };
        Self {
            kid: key.kid().to_owned(),
            arn: key.arn.as_str().to_owned(),
            state,
            signs_from: signs_from.map(Timestamp::rfc3339),
            retires_from: retires_from.map(Timestamp::rfc3339),
            note,
        }
    }
}
