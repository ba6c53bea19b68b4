//! The common crate: everything that several functions of Vestibule need.
//!
//! `docs/architecture.md` has the same rooms with a column that says which room may use which; a
//! test checks it.
//!
//! | module | holds |
//! |---|---|
//! | [`domain`] | the rules, pure: no I/O, no AWS, no clock, no randomness |
//! | [`clock`], [`random`], [`env`] | time, randomness and environment variables, as values |
//! | [`config`] | every environment variable, checked; one file per concern |
//! | [`aws`] | the configuration of the AWS SDK |
//! | [`email`] | the texts of emails: templates, and how they are rendered |
//! | [`http`] | strict requests, responses, problems, cookies, the origin check |
//! | [`keys`] | the key ring, subkeys, links and sessions as tokens |
//! | [`store`] | the tables: a folder per table, a file per operation |
//! | [`passwords`] | password rules and hashes as this portal is configured |
//! | [`lambda`], `log` | the entry point of every function, and its log |
//! | [`app`] | the context of most functions |
//! | [`admin`] | what functions of the admin API share: paging, views, audit events |
//! | [`auth`] | flows of several endpoints: authenticate, issue a session, request an email |

pub mod admin;
pub mod app;
pub mod auth;
pub mod aws;
pub mod clock;
pub mod config;
pub mod domain;
pub mod email;
pub mod env;
pub mod http;
pub mod keys;
pub mod lambda;
pub mod log;
pub mod passwords;
pub mod random;
pub mod store;
