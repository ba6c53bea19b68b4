//! What every function of Vestibule is made of.
//!
//! | module | what it is | may use |
//! |---|---|---|
//! | [`domain`] | the rules, pure | nothing of ours |
//! | [`store`] | one file per act; `store::items` one file per table | `domain` |
//! | [`http`] | requests, replies, problems, cookies, origins | `domain` |
//! | [`keys`] | the key ring, links and sessions as tokens | `domain` |
//! | [`config`] | every environment variable, checked | `domain` |
//! | [`env`], [`clock`], [`randomness`] | what comes from outside, as values | |
//! | [`aws`] | the SDK's configuration | |
//! | [`app`], [`signed_in`] | what most functions hold, and whom a request signs in | all of the above |
//! | [`lambda`] | the entry: starts a function, answers, logs | all of the above |

pub mod app;
pub mod aws;
pub mod clock;
pub mod config;
pub mod domain;
pub mod env;
pub mod http;
pub mod keys;
pub mod lambda;
pub mod randomness;
pub mod signed_in;
pub mod store;
