//! What every function of Vestibule is made of.
//!
//! | module | what it is | may use |
//! |---|---|---|
//! | [`domain`] | the rules, pure | nothing of ours |
//! | [`env`], [`clock`], [`randomness`] | what comes from outside, as values | `domain` |
//! | [`config`], [`aws`] | every environment variable, checked; the SDK's configuration | the above |
//! | [`store`] | a folder per table, a file per operation | `domain`, `aws`, `randomness` |
//! | [`keys`] | the key ring, links and sessions as tokens | `domain`, `aws`, `config` |
//! | [`http`] | requests, replies, problems, cookies, origins | `domain` |
//! | [`app`], [`signed_in`] | what most functions hold, and whom a request signs in | all of the above |
//! | [`lambda`] | the entry: starts a function, answers, logs | all of the above |

pub mod app;
pub mod auth;
pub mod aws;
pub mod clock;
pub mod config;
pub mod domain;
pub mod env;
pub mod http;
pub mod keys;
pub mod lambda;
pub mod random;
pub mod store;
