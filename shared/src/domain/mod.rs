//! The rules, pure: no I/O, no AWS, no clock reads, no randomness drawn. Everything here is a value
//! in, a value out.

pub mod address;
pub mod agent;
pub mod audit;
pub mod hashing;
pub mod ids;
pub mod link;
pub mod mail;
pub mod next;
pub mod password;
pub mod portal;
pub mod secret;
pub mod session;
pub mod throttle;
pub mod time;
pub mod user;
