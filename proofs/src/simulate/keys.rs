//! The key ring that all portals of a seed share, and its rotations.

use crate::dice::Dice;
use serde_json::{Value, json};
use shared::domain::portal::PortalName;

/// How long an appended key does not sign: two refreshes.
const UNKNOWN_FOR: u64 = 600;

/// The secret's value, and when each key may sign.
pub(super) struct KeyRing {
    root: String,
    keys: Vec<Value>,
    /// The names of the keys, and the seconds from which they sign.
    signs_from: Vec<(String, u64)>,
}

impl KeyRing {
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self {
            root: secret(dice),
            keys: vec![],
            signs_from: vec![("1".to_owned(), 0)],
        }
    }

    /// Appends a key, as the documented command does.
    pub(super) fn rotate(&mut self, dice: &mut Dice, now_secs: u64) {
        let kid = (self.signs_from.len() + 1).to_string();
        self.keys
            .push(json!({"kid": kid, "secret": secret(dice), "added_at": now_secs}));
        self.signs_from.push((kid, now_secs + UNKNOWN_FOR));
    }

    pub(super) fn value(&self) -> String {
        json!({"root": self.root, "keys": self.keys}).to_string()
    }

    pub(super) const fn len(&self) -> usize {
        self.signs_from.len()
    }

    /// The key that signs, as every instance with a fresh copy sees it.
    pub(super) fn signing(&self, now_secs: u64) -> &str {
        let signing = self
            .signs_from
            .iter()
            .rev()
            .find(|(_, from)| *from <= now_secs);
        signing.map_or("1", |(kid, _)| kid)
    }

    /// As the portal called `name` reads it.
    pub(super) fn of(&self, name: &str) -> shared::keys::KeyRing {
        shared::keys::KeyRing::parse(&self.value(), &PortalName::parse(name).unwrap()).unwrap()
    }
}

fn secret(dice: &mut Dice) -> String {
    (0..4).map(|_| format!("{:016x}", dice.throw())).collect()
}
