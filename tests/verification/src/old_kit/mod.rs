//! The kit as it was, until all modules use the package `kit`.

#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    unreachable_pub,
    reason = "moves out soon"
)]

mod answer;
mod browser;
pub mod fixture;
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
