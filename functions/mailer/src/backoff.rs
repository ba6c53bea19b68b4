//! The time between two attempts at sending an email.

use std::time::Duration;

/// The number of attempts that the stream triggers, one right after the other. Later attempts are
/// the sweep's.
pub(crate) const STREAM_ATTEMPTS: u64 = 3;
/// The wait after the last attempt of the stream, which doubles with each further attempt. It is
/// also the least after an attempt that was not answered: by then an event may say what came of it.
pub(crate) const BACKOFF_MIN: Duration = Duration::from_secs(60);
const BACKOFF_MAX: Duration = Duration::from_secs(300);

/// Returns the wait after `attempt`, counted from 1, did not succeed.
pub(crate) fn backoff(attempt: u64) -> Duration {
    if attempt < STREAM_ATTEMPTS {
        return Duration::ZERO;
    }
    let doublings = (attempt - STREAM_ATTEMPTS).min(16);
    BACKOFF_MIN.saturating_mul(1 << doublings).min(BACKOFF_MAX)
}
