//! Typed ids and hashes. A value of one of these types has the right format; only the store knows
//! whether it names anything.

use super::time::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;

/// Encodes bytes as base64url without padding (RFC 4648, section 5).
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes exactly 32 bytes from their canonical base64url spelling.
pub fn decode_32(text: &str) -> Option<[u8; 32]> {
    if text.len() != 43 {
        return None;
    }
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Computes SHA-256 (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Defines a 256-bit value that is safe to store and to show, printed as 43 characters of
/// base64url.
macro_rules! hash {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// Returns the first 16 bytes of the value.
            pub const fn first_16(&self) -> [u8; 16] {
                *self.0.first_chunk().expect("32 bytes start with 16 bytes")
            }

            /// Parses the printed form.
            pub fn parse(text: &str) -> Option<Self> {
                decode_32(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&encode(&self.0))
            }
        }
    };
}

hash! {
    /// The id of a session in tables and responses: SHA-256 of the session's secret id.
    SessionHash
}
hash! {
    /// SHA-256 of an idempotency key: lets a client repeat a redeem whose response was lost.
    IdempotencyKeyHash
}
hash! {
    /// A keyed hash under the pepper. Tables hold it in place of an address or a network.
    KeyedHash
}

/// The id of a link: the first 96 bits of SHA-256 of the nonce that only the requesting browser
/// holds. It is the item's key and the token's `jti`, 16 characters of base64url. Nobody can look
/// for a nonce with a certain id, because the portal alone issues nonces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkId([u8; 12]);

impl LinkId {
    pub const fn from_bytes(bytes: [u8; 12]) -> Self {
        Self(bytes)
    }

    /// Returns the id made of the start of a hash.
    pub const fn from_hash(hash: [u8; 32]) -> Self {
        Self(*hash.first_chunk().expect("32 bytes start with 12 bytes"))
    }

    pub const fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }

    /// Parses the printed form. All 16 characters count, so each id has one spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(&self.0))
    }
}

/// The id of a user: `usr_` and 32 random hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserId(String);

impl UserId {
    /// Returns the id made of 128 random bits.
    pub fn new(random: [u8; 16]) -> Self {
        Self(format!("usr_{:032x}", u128::from_be_bytes(random)))
    }

    /// Parses the printed form.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("usr_")?;
        let is_valid = digits.len() == 32
            && digits
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_valid.then(|| Self(text.to_owned()))
    }

    /// Returns the id of no user: for calls that must be made whether or not there is a user.
    pub fn nobody() -> Self {
        Self::new([0; 16])
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a record in a log (emails, audit): sorts by the time it was created, and is unique by
/// 64 random bits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordId(String);

impl RecordId {
    /// Returns an id created at `now` from 64 random bits.
    pub fn new(now: Timestamp, random: [u8; 8]) -> Self {
        Self(format!(
            "{:012x}-{:016x}",
            now.millis(),
            u64::from_be_bytes(random)
        ))
    }

    /// Returns the smallest id of `now`: all ids that were created earlier sort before it.
    pub fn first_at(now: Timestamp) -> Self {
        Self::new(now, [0; 8])
    }

    /// Returns the smallest id.
    pub fn first() -> Self {
        Self::first_at(Timestamp::from_millis(0))
    }

    /// Returns the largest id.
    pub fn last() -> Self {
        Self::new(Timestamp::from_millis((1 << 48) - 1), [0xff; 8])
    }

    /// Parses the printed form.
    pub fn parse(text: &str) -> Option<Self> {
        let (time, random) = text.split_once('-')?;
        let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        let is_valid = time.len() == 12 && random.len() == 16;
        (is_valid && time.bytes().chain(random.bytes()).all(is_hex)).then(|| Self(text.to_owned()))
    }

    /// Restores an id from a table's sort key, which was written by [`RecordId::new`].
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns a number below `count`, which follows from the random part of the id: ids spread
    /// evenly over all of them.
    pub fn spread(&self, count: u64) -> u64 {
        let random = self.0.rsplit('-').next().unwrap_or_default();
        let random = u64::from_str_radix(random, 16).unwrap_or_default();
        random % count.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_parse_only_in_their_canonical_spelling() {
        let id = UserId::new([7; 16]);
        assert_eq!(UserId::parse(id.as_str()), Some(id));
        for wrong in [
            "",
            "usr_",
            "usr_07",
            "USR_07070707070707070707070707070707",
            "usr_0707070707070707070707070707070G",
        ] {
            assert_eq!(UserId::parse(wrong), None, "{wrong}");
        }
        let id = LinkId::from_bytes([0xff; 12]);
        let text = id.to_string();
        assert_eq!(LinkId::parse(&text), Some(id));
        for wrong in [&text[1..], &format!("{text}A"), &format!("{text}=")] {
            assert_eq!(LinkId::parse(wrong), None, "{wrong}");
        }
        let hash = SessionHash::from_bytes([0xff; 32]);
        let text = hash.to_string();
        assert_eq!(SessionHash::parse(&text), Some(hash));
        // The last character carries two unused bits: only zeros are accepted.
        assert_eq!(SessionHash::parse(&format!("{}9", &text[..42])), None);
        assert_eq!(SessionHash::parse(&format!("{text}=")), None);
    }

    #[test]
    fn record_ids_sort_by_time() {
        let early = RecordId::new(Timestamp::from_millis(999), [0xff; 8]);
        let late = RecordId::new(Timestamp::from_millis(1000), [0; 8]);
        assert!(early.as_str() < late.as_str());
    }
}
