//! What the parts of this repository have agreed on: names that must be the same everywhere, and
//! who may use whom.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that goes wrong is to stop"
)]

mod architecture;
mod docs;
mod names;
mod sources;
mod template;
