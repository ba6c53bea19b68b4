//! The rules by which sessions end.

use super::StartError;
use super::reader::Reader;
use crate::domain::session::SessionRules;
use crate::domain::time::{HOUR, MINUTE};

/// Reads `SESSION_HOURS`, `IDLE_MINUTES` (at most 30 days) and `SESSIONS_PER_USER` (at most 50).
/// The latter two are off if they are 0.
pub(super) fn read_rules(read: &Reader<'_>) -> Result<SessionRules, StartError> {
    let idle = read.duration("IDLE_MINUTES", MINUTE, 0..=43_200)?;
    let per_user = read.size("SESSIONS_PER_USER", 0..=50)?;
    Ok(SessionRules {
        lifetime: read.duration("SESSION_HOURS", HOUR, 1..=87_660)?,
        idle: (!idle.is_zero()).then_some(idle),
        per_user: (per_user > 0).then_some(per_user),
    })
}
