//! Known browsers: rate limits count a browser that has signed in before apart from its network, so
//! that nobody else can use up its limits. Being known gives access to nothing.

use super::ids::{decode_32, encode};
use std::time::Duration;

/// The time for which a browser stays known after a sign-in.
pub const LIFETIME: Duration = super::time::DAY.saturating_mul(400);
/// Wrong passwords and codes after which a browser is no longer known.
pub const FAILURES: u64 = 30;
/// Emails per hour that no other client can use up.
pub const EMAILS_PER_HOUR: u64 = 5;
/// Emails per day that no other client can use up.
pub const EMAILS_PER_DAY: u64 = 10;

/// The mark of a known browser: a random device id, and a keyed hash of it and of the address that
/// the browser signed in with. A new one is issued at each sign-in, so a new one has no failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownBrowser([u8; 32]);

impl KnownBrowser {
    /// Joins a device id and its keyed hash.
    pub fn new(device: [u8; 16], hash: [u8; 16]) -> Self {
        let mut bytes = [0; 32];
        let (start, end) = bytes.split_at_mut(16);
        start.copy_from_slice(&device);
        end.copy_from_slice(&hash);
        Self(bytes)
    }

    /// Parses a mark of the cookie, or the `known` of a bearer client.
    pub fn parse(text: &str) -> Option<Self> {
        decode_32(text).map(Self)
    }

    /// Returns the printed form, 43 characters of base64url.
    pub fn expose(&self) -> String {
        encode(&self.0)
    }

    /// Returns the device id and the keyed hash.
    pub fn halves(&self) -> (&[u8], &[u8]) {
        self.0.split_at(16)
    }
}
