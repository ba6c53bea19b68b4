//! What the tests sign in with: a world (an embedded portal whose clock they move) and browsers
//! without opinions.

#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test that goes wrong is to stop"
)]

mod answer;
mod browser;
mod passwords;
mod time;
mod world;

pub use answer::{Answer, Mail};
pub use browser::Browser;
pub use passwords::{CHEAP_HASHES, PASSWORD, WRONG};
pub use time::Time;
pub use world::World;

use std::collections::BTreeMap;
use std::time::Duration;

/// Owned parameters.
pub fn owned(parameters: &[(&str, &str)]) -> BTreeMap<String, String> {
    parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// A form's body.
pub fn form(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        text.bytes().fold(String::new(), |mut out, byte| {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                    out.push(char::from(byte))
                }
                _ => out.push_str(&format!("%{byte:02X}")),
            }
            out
        })
    };
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect();
    pairs.join("&")
}

/// Seconds.
pub const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Minutes.
pub const fn mins(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}
