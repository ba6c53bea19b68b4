//! Counts of sign-ins with a password.
//!
//! A request that failed temporarily may have been counted, or not; a count whose response was lost
//! may have been made twice. Audit records have ids and are never written twice.

use super::Facts;
use crate::ensure;

pub(super) fn attempts_are_counted(facts: &Facts) -> Result<(), String> {
    let log = &facts.passwords;
    let (right, wrong, streaks) = (log.right, log.wrong, log.streaks());
    let again = facts.maybe_recounted;
    let by_password = facts.records().filter(|record| {
        record.starts_session() && record.metadata("auth_method") == Some("password")
    });
    let failures = facts.audited(&["login.failed"]).count();
    let all = right.judged + wrong.judged..=right.sent + wrong.sent + again;
    for (name, count, expected) in [
        (
            "sessions started",
            by_password.count(),
            right.judged..=right.sent,
        ),
        ("failures recorded", failures, wrong.judged..=wrong.sent),
        ("attempts", facts.counted("password"), all),
        (
            "failures of networks",
            facts.counted("password-network"),
            wrong.judged..=wrong.sent + again,
        ),
        (
            "consecutive failures",
            facts.counted("consecutive-failures"),
            streaks.judged..=streaks.sent + again,
        ),
    ] {
        ensure!(
            expected.contains(&count),
            "{name}: {count} instead of {expected:?}"
        );
    }
    Ok(())
}
