//! Public keys as JSON Web Keys (RFC 7517).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

/// The DER of `SubjectPublicKeyInfo` before the modulus of an RSA key of 2048 bits (RFC 3279,
/// 2.3.1) whose highest bit is set.
const BEFORE_MODULUS: [u8; 33] = [
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
    0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01,
    0x00,
];
/// The DER of the exponent 65537, which KMS uses for every key.
const EXPONENT: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];
const MODULUS_BYTES: usize = 256;

/// The public half of a signing key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Jwk {
    kty: &'static str,
    #[serde(rename = "use")]
    purpose: &'static str,
    alg: &'static str,
    kid: String,
    n: String,
    e: &'static str,
}

#[derive(Serialize)]
pub(crate) struct KeySet {
    pub(crate) keys: Vec<Jwk>,
}

impl Jwk {
    /// Parses the DER that KMS returns. Returns `None` for anything but RSA with 2048 bits.
    pub(crate) fn parse(kid: &str, der: &[u8]) -> Option<Self> {
        let modulus = der
            .strip_prefix(&BEFORE_MODULUS)?
            .strip_suffix(&EXPONENT)
            .filter(|modulus| modulus.len() == MODULUS_BYTES)?;
        Some(Self {
            kty: "RSA",
            purpose: "sig",
            alg: "RS256",
            kid: kid.to_owned(),
            n: URL_SAFE_NO_PAD.encode(modulus),
            e: "AQAB",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_rsa_key_of_2048_bits_is_published() {
        let der = [&BEFORE_MODULUS[..], &[0xab; MODULUS_BYTES], &EXPONENT].concat();
        let jwk = Jwk::parse("k", &der).unwrap();
        assert_eq!((jwk.kid.as_str(), jwk.n.len()), ("k", 342));
        for end in [0, 32, 33, 200, der.len() - 1] {
            assert_eq!(Jwk::parse("k", &der[..end]), None, "{end}");
        }
        assert_eq!(Jwk::parse("k", &[&der[..], &[0]].concat()), None);
    }
}
