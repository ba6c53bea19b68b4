//! Forgeries of a nonce's bytes: its randomness and its keyed hash.

use super::forger::Forger;
use super::originals::Purpose;
use shared::domain::ids::{decode_32, encode};

/// The kinds of these forgeries.
pub(super) const KINDS: [&str; 2] = [
    "half a nonce with another half",
    "a nonce of another portal with the same secrets",
];

/// Combines the randomness of a nonce with a keyed hash of other randomness.
pub(super) fn halves(forger: &mut Forger<'_>) -> String {
    let [mut bytes, other] = [(); 2].map(|()| {
        let nonce = forger.some(|purpose| purpose == Purpose::Nonce);
        decode_32(&nonce.text).expect("a nonce has 32 bytes")
    });
    let randomness = u128::from_be_bytes(std::array::from_fn(|n| bytes[n]));
    let random = forger.random_u128();
    match forger.rng.below(3) {
        0 => bytes[16..].copy_from_slice(&other[16..]),
        1 => bytes[16..].copy_from_slice(&random.to_be_bytes()),
        _ => bytes[..16].copy_from_slice(&(randomness ^ (1 << (random % 128))).to_be_bytes()),
    }
    encode(&bytes)
}

/// Mints a nonce as another portal does.
pub(super) fn of_another_portal(forger: &mut Forger<'_>) -> String {
    let random = forger.random_u128().to_be_bytes();
    forger.originals.staff.issue_nonce(random).expose()
}
