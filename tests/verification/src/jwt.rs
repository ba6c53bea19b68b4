//! Takes tokens apart and signs them with any key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use shared::domain::ids;

/// Returns the header, the claims and the signature, still encoded.
pub(crate) fn segments(token: &str) -> [&str; 3] {
    let mut segments = token.split('.');
    std::array::from_fn(|_| segments.next().unwrap_or_default())
}

/// Decodes a segment; returns null if it is not JSON.
pub(crate) fn decode(segment: &str) -> Value {
    serde_json::from_slice(&bytes(segment)).unwrap_or_default()
}

/// Decodes the bytes of a segment; returns none if it is not base64url.
pub(crate) fn bytes(segment: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(segment).unwrap_or_default()
}

/// Encodes the text of a segment.
pub(crate) fn encode(text: &str) -> String {
    ids::encode(text.as_bytes())
}

/// Returns the claims of a token without verifying it.
pub(crate) fn claims(token: &str) -> Value {
    let [_, claims, _] = segments(token);
    decode(claims)
}

/// Returns the id of the key that a token names.
pub(crate) fn key_id(token: &str) -> String {
    let [header, ..] = segments(token);
    decode(header)["kid"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Returns the id of the session that a token is for.
pub(crate) fn session_id(token: &str) -> String {
    claims(token)["sid"].as_str().unwrap_or_default().to_owned()
}

/// Signs an encoded header and encoded claims.
pub(crate) fn sign(header: &str, claims: &str, key: &[u8]) -> String {
    let signed = format!("{header}.{claims}");
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", ids::encode(&mac.finalize().into_bytes()))
}

/// Derives the subkey of a portal and a purpose independently of `shared::keys`.
pub(crate) fn subkey(secret: &str, portal: &str, purpose: &str) -> [u8; 32] {
    let mut subkey = [0; 32];
    let info = format!("vestibule/{portal}/{purpose}");
    Hkdf::<Sha256>::new(None, secret.as_bytes())
        .expand(info.as_bytes(), &mut subkey)
        .expect("HKDF expands to 32 bytes");
    subkey
}
