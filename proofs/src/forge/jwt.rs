//! The forger's tools: taking tokens apart, and signing with whatever key is at hand.

#![expect(clippy::expect_used, reason = "a proof that goes wrong is to stop")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use shared::domain::ids::encode;

/// Header, claims and signature, as they are spelled.
pub(super) fn segments(token: &str) -> [&str; 3] {
    let mut all = token.split('.');
    std::array::from_fn(|_| all.next().unwrap_or_default())
}

/// What a segment says.
pub(super) fn json(segment: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(segment).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// A segment that says this.
pub(super) fn spell(text: &str) -> String {
    encode(text.as_bytes())
}

/// Header and claims, signed with `key`.
pub(super) fn sign(header: &str, claims: &str, key: &[u8]) -> String {
    let signed = format!("{header}.{claims}");
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", encode(&mac.finalize().into_bytes()))
}

/// The subkey of a portal and a purpose, as `shared::keys` derives it. The controls show that it is
/// the same.
pub(super) fn subkey(secret: &str, portal: &str, purpose: &str) -> [u8; 32] {
    let mut subkey = [0; 32];
    let info = format!("vestibule/{portal}/{purpose}");
    Hkdf::<Sha256>::new(None, secret.as_bytes())
        .expand(info.as_bytes(), &mut subkey)
        .expect("32 bytes can be had");
    subkey
}
