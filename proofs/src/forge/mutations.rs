//! One forgery: an original, a kind, and what came out.

#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a proof that goes wrong is to stop"
)]

use super::originals::{Original, Originals, Purpose};
use super::{contents, spelling};
use crate::dice::Dice;
use shared::domain::ids::{decode_32, encode};

/// How many kinds there are.
pub(super) const KINDS: usize = spelling::KINDS.len() + contents::KINDS.len() + 2;

/// A forger at work: the dice of this forgery, and what it forges from.
pub(super) struct Forger<'a> {
    pub(super) dice: Dice,
    pub(super) originals: &'a Originals,
}

/// What it made.
#[derive(Debug)]
pub(super) struct Forgery<'a> {
    pub(super) kind: &'static str,
    pub(super) from: &'a Original,
    pub(super) text: String,
}

impl<'a> Forger<'a> {
    /// The `number`th forgery of a seed; `None` where it came out as something that does work.
    pub(super) fn forge(originals: &'a Originals, seed: u64, number: u64) -> Option<Forgery<'a>> {
        let mut forger = Self {
            dice: Dice::of(seed, number),
            originals,
        };
        let from = forger.dice.pick(&originals.all);
        let (kind, text) = forger.make(from);
        (!is_genuine(originals, from.purpose, &text)).then_some(Forgery { kind, from, text })
    }

    fn make(&mut self, from: &Original) -> (&'static str, String) {
        // Tokens have more to forge than a nonce, whose only contents are its spelling and its
        // keyed hash.
        if contents::is_token(from) && self.dice.one_in(2) {
            let (kind, make) = contents::KINDS[self.dice.below(contents::KINDS.len())];
            return (kind, make(self, from));
        }
        if from.purpose == Purpose::Nonce && self.dice.one_in(4) {
            return ("half a nonce with another half", self.halves());
        }
        if from.purpose == Purpose::Nonce && self.dice.one_in(8) {
            return (
                "a nonce of another portal with the same secrets",
                self.nonce_of_another_portal(),
            );
        }
        let (kind, make) = spelling::KINDS[self.dice.below(spelling::KINDS.len())];
        (kind, make(self, &from.text))
    }

    /// The randomness of one nonce with the keyed hash of another, or with one that was made up.
    fn halves(&mut self) -> String {
        let nonces: Vec<_> = self
            .originals
            .all
            .iter()
            .filter(|one| one.purpose == Purpose::Nonce)
            .collect();
        let (one, other) = (*self.dice.pick(&nonces), *self.dice.pick(&nonces));
        let halves = |text: &str| decode_32(text).unwrap_or_default();
        let (mut bytes, from) = (halves(&one.text), halves(&other.text));
        let own = u128::from_be_bytes(std::array::from_fn(|n| bytes[n]));
        let random = (u128::from(self.dice.throw()) << 64) | u128::from(self.dice.throw());
        match self.dice.below(3) {
            0 => bytes[16..].copy_from_slice(&from[16..]),
            1 => bytes[16..].copy_from_slice(&random.to_be_bytes()),
            _ => bytes[..16].copy_from_slice(&(own ^ (1 << (random % 128))).to_be_bytes()),
        }
        encode(&bytes)
    }

    /// As the other portal's own functions would mint it.
    fn nonce_of_another_portal(&mut self) -> String {
        let kid = *self.dice.pick(&["1", "2"]);
        let key = self
            .originals
            .staff
            .get(kid)
            .expect("the other portal has the same kids");
        let random = (u128::from(self.dice.throw()) << 64) | u128::from(self.dice.throw());
        key.mint_nonce(random.to_be_bytes()).expose()
    }

    /// Any link or session.
    pub(super) fn another_token(&mut self) -> &'a str {
        let tokens: Vec<_> = self
            .originals
            .all
            .iter()
            .filter(|one| contents::is_token(one))
            .collect();
        &self.dice.pick(&tokens).text
    }

    /// A link for a session, a session for a link.
    pub(super) fn token_of_another_purpose(&mut self, purpose: Purpose) -> &'a str {
        let others: Vec<_> = self
            .originals
            .all
            .iter()
            .filter(|one| contents::is_token(one) && one.purpose != purpose)
            .collect();
        &self.dice.pick(&others).text
    }

    /// A secret of the ring.
    pub(super) fn secret(&mut self) -> String {
        self.dice.pick(&self.originals.secrets).1.clone()
    }

    /// All of them, by kid.
    pub(super) const fn secrets(&self) -> &'a [(&'static str, String); 2] {
        &self.originals.secrets
    }
}

/// Whether it is, to the byte, what somebody was given for this purpose, or an ask cookie that
/// still holds such a nonce.
pub(super) fn is_genuine(originals: &Originals, purpose: Purpose, text: &str) -> bool {
    let given = |text: &str| {
        originals
            .all
            .iter()
            .any(|one| one.purpose == purpose && one.text == text)
    };
    given(text) || (purpose == Purpose::Nonce && text.split('.').take(3).any(given))
}
