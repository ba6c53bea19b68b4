//! The key ring of the stack, and the tokens that are signed with it.

mod cache;
mod cursor;
mod hs256;
mod key_ring;
mod token;

pub use cache::KeyRingCache;
pub use key_ring::{AccessTokenKey, Key, KeyRing, REFRESH_EVERY};
pub use token::{SessionClaims, Signed, TokenError};
