//! Shared by all tests: a [`World`] (an embedded portal whose clock the test moves) and one typed
//! [`ApiClient`].

#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "a failing test may panic"
)]

mod access_tokens;
mod admin;
mod auth;
pub mod authorizer;
mod client;
mod clock;
pub mod contract;
mod email;
mod email_events;
mod faults;
pub mod filter_pattern;
mod passwords;
mod request;
mod response;
pub mod routes;
mod world;

pub use access_tokens::Verifier;
pub use client::ApiClient;
pub use clock::TestClock;
pub use email::Email;
pub use faults::{cancelled, dynamodb_error};
pub use passwords::{CHEAP_HASHES, PASSWORD, WRONG};
pub use request::ApiRequest;
pub use response::ApiResponse;
pub use world::{ALL_NOTICES, World, table_name};

use std::collections::BTreeMap;
use std::time::Duration;

/// The active user of every embedded portal, Ada Lovelace.
pub const ADA: &str = "ada@example.com";

/// The invited user of every embedded portal, Grace Hopper.
pub const GRACE: &str = "grace@example.com";

/// Returns template parameters as `local::Options` takes them.
pub fn parameters(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Encodes fields as `application/x-www-form-urlencoded`.
pub fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
        .collect();
    pairs.join("&")
}

fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::new(), |out, byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            out + &char::from(byte).to_string()
        }
        _ => out + &format!("%{byte:02X}"),
    })
}

/// Returns a duration of `n` seconds.
pub const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Returns a duration of `n` minutes.
pub const fn mins(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

/// Returns a duration of `n` hours.
pub const fn hours(n: u64) -> Duration {
    Duration::from_secs(n * 3600)
}
