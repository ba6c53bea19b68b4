//! The material of one forgery: its random choices, and the credentials that it starts from.

use super::originals::{Original, Originals, Purpose};
use crate::rng::Rng;

/// The random choices of one forgery, and the credentials that it starts from.
pub(super) struct Forger<'a> {
    pub(super) rng: Rng,
    pub(super) originals: &'a Originals,
}

impl<'a> Forger<'a> {
    /// Chooses a credential of such a purpose.
    pub(super) fn some(&mut self, fits: impl Fn(Purpose) -> bool) -> &'a Original {
        let all = self.originals.all.iter();
        let fitting: Vec<_> = all.filter(|original| fits(original.purpose)).collect();
        self.rng.pick::<&Original>(&fitting)
    }

    /// Chooses a link or a session.
    pub(super) fn some_token(&mut self) -> &'a str {
        &self.some(|purpose| purpose != Purpose::Nonce).text
    }

    /// Chooses the id of a key.
    pub(super) fn some_kid(&mut self) -> &'static str {
        self.rng.pick::<&str>(&["1", "2"])
    }

    pub(super) fn random_u128(&mut self) -> u128 {
        (u128::from(self.rng.next_u64()) << 64) | u128::from(self.rng.next_u64())
    }

    pub(super) fn random_key(&mut self) -> Vec<u8> {
        (0..4)
            .flat_map(|_| self.rng.next_u64().to_be_bytes())
            .collect()
    }
}

/// A credential that was never issued.
#[derive(Debug)]
pub(super) struct Forgery<'a> {
    pub(super) kind: &'static str,
    pub(super) original: &'a Original,
    pub(super) text: String,
}
