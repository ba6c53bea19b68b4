//! Ages of the copies of the key ring.

use crate::domain::time::{HOUR, MINUTE};
use std::time::Duration;

/// Maximum age of a copy of the key ring before a request refreshes it.
pub const REFRESH_EVERY: Duration = MINUTE.saturating_mul(5);
/// Period in which a new key does not sign yet, so that every instance knows it when it does: one
/// refresh may have just missed it, and the next one may be an interval late.
pub(super) const SIGNING_DELAY: Duration = REFRESH_EVERY.saturating_mul(2);
/// Period after which no instance signs with a superseded key: one that cannot reach Secrets
/// Manager signs with it for longer than the others.
pub(super) const STALE_SIGNING: Duration = HOUR;
