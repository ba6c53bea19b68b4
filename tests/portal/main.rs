//! The portal over HTTP: through the gateway, the real functions, the real store code and an
//! embedded DynamoDB. Each module is a promise of `docs/security.md` or a part of the contract.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that goes wrong is to stop"
)]

mod accounts;
mod activation;
mod acts;
mod admin;
mod admin_change;
mod admin_end;
mod admin_import;
mod admin_look;
mod asking;
mod codes;
mod costs;
mod frontends;
mod grants;
mod hostile;
mod journeys;
mod leaks;
mod letters;
mod links;
mod mail;
mod matrix;
mod origins;
mod pages;
mod passwords;
mod proofs;
mod races;
mod readme;
mod resets;
mod sessions;
mod sign_in;
mod tokens;
mod weather;
