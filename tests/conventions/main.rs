//! The conventions of this repository: names that are the same everywhere, who may use whom, and
//! how things are written.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failing test may panic"
)]

mod alarms;
mod architecture;
mod asvs;
mod costs;
mod docs;
mod examples;
mod imports;
mod language;
mod names;
mod openapi;
mod parameters;
mod recovery;
mod resources;
mod sentences;
mod sources;
mod template;
