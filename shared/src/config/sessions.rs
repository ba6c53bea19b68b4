//! The rules by which sessions end.

use super::StartError;
use super::reader::Reader;
use crate::domain::session::SessionRules;
use crate::domain::time::{HOUR, MINUTE};

/// Reads `SESSION_HOURS`, `IDLE_MINUTES` (at most 30 days), `SESSIONS_PER_USER` (at most 50) and
/// `CONFIRM_MINUTES` (at most a day). The latter three are off if they are 0.
pub(super) fn read_rules(read: &Reader<'_>) -> Result<SessionRules, StartError> {
    let idle = read.duration("IDLE_MINUTES", MINUTE, 0..=43_200)?;
    let confirm_within = read.duration("CONFIRM_MINUTES", MINUTE, 0..=1440)?;
    let per_user = read.size("SESSIONS_PER_USER", 0..=50)?;
    Ok(SessionRules {
        lifetime: read.duration("SESSION_HOURS", HOUR, 1..=87_660)?,
        idle: (!idle.is_zero()).then_some(idle),
        per_user: (per_user > 0).then_some(per_user),
        confirm_within: (!confirm_within.is_zero()).then_some(confirm_within),
    })
}
