//! The rules of the portal as pure functions and values: no I/O, no AWS, no clock and no source of
//! randomness.

pub mod address;
pub mod audit;
pub mod characters;
pub mod client;
pub mod code;
pub mod email;
pub mod ids;
pub mod key_arn;
pub mod known_browser;
pub mod language;
pub mod link;
pub mod next;
pub mod origin;
pub mod password;
pub mod paths;
pub mod portal;
pub mod portal_budget;
pub mod proxy_secrets;
pub mod rate_limit;
pub mod secret;
pub mod session;
pub mod session_end;
pub mod site;
pub mod time;
pub mod user;
