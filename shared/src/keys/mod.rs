//! The key ring of the stack, and the tokens that are signed with it.

mod access_token_keys;
mod cache;
mod cursor;
mod hs256;
mod key_ring;
mod refresh;
mod token;

pub use access_token_keys::{AccessTokenKey, AccessTokenKeys, PUBLIC_KEYS_MAX_AGE};
pub use cache::KeyRingCache;
pub use key_ring::{Key, KeyRing};
pub use refresh::REFRESH_EVERY;
pub use token::{SessionClaims, Signed, TokenError};
