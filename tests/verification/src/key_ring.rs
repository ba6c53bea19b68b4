//! A key ring as Secrets Manager holds it.

use crate::rng::Rng;
use serde_json::json;

/// The time until an appended key signs, in milliseconds: two refreshes of the key ring.
pub(crate) const SIGNS_AFTER: u64 = 600_000;

/// A key that was appended.
pub(crate) struct Key {
    pub(crate) kid: String,
    secret: String,
    /// Milliseconds since the epoch.
    pub(crate) added_at: u64,
}

/// A key ring whose root is key `1`.
pub(crate) struct KeyRing {
    root: String,
    pub(crate) keys: Vec<Key>,
    appended: usize,
}

impl KeyRing {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        Self {
            root: secret(rng),
            keys: vec![],
            appended: 0,
        }
    }

    /// Appends a key, as the documented command does.
    pub(crate) fn append(&mut self, rng: &mut Rng, now: u64) {
        self.appended += 1;
        self.keys.push(Key {
            kid: (self.appended + 1).to_string(),
            secret: secret(rng),
            added_at: now,
        });
    }

    /// Returns the secret's value, with times in seconds.
    pub(crate) fn value(&self) -> String {
        let keys = self.keys.iter().map(
            |key| json!({"kid": key.kid, "secret": key.secret, "added_at": key.added_at / 1000}),
        );
        json!({"root": self.root, "keys": keys.collect::<Vec<_>>()}).to_string()
    }

    /// Returns the newest key that signs in an instance with a fresh copy of the ring.
    pub(crate) fn signing(&self, now: u64) -> &str {
        let signing = self.keys.iter().rfind(|key| key.signs(now));
        signing.map_or("1", |key| &key.kid)
    }

    /// Returns when a key was appended; 0 for the root.
    pub(crate) fn added_at(&self, kid: &str) -> u64 {
        let key = self.keys.iter().find(|key| key.kid == kid);
        key.map_or(0, |key| key.added_at)
    }
}

impl Key {
    /// Returns whether the key signs in an instance that knows it.
    pub(crate) const fn signs(&self, now: u64) -> bool {
        now >= self.added_at / 1000 * 1000 + SIGNS_AFTER
    }
}

fn secret(rng: &mut Rng) -> String {
    (0..4).map(|_| format!("{:016x}", rng.next_u64())).collect()
}
