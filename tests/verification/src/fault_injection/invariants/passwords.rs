//! Counts of passwords and codes.
//!
//! A request that failed temporarily may have been counted, or not; a count whose response was lost
//! may have been made twice, and a right password that was counted may not have been given back.
//! Audit records have ids and are never written twice.

use super::{Facts, number};
use crate::fault_injection::password_log::Attempts;
use crate::{ensure, ensure_eq};

pub(super) fn attempts_are_counted(facts: &Facts) -> Result<(), String> {
    let log = &facts.passwords;
    let again = facts.maybe_recounted;
    let by_password = facts.records().filter(|record| {
        record.starts_session() && record.metadata("auth_method") == Some("password")
    });
    let recorded = |action| facts.audited(&[action]).count();
    let exactly = |attempts: Attempts| attempts.judged..=attempts.sent;
    let counted = |attempts: Attempts| attempts.judged..=attempts.sent + again;
    // One fault keeps one right password counted, or gives one back twice.
    let by_network =
        log.by_network.judged.saturating_sub(again)..=log.by_network.sent + facts.injected;
    for (name, count, expected) in [
        ("sessions started", by_password.count(), exactly(log.right)),
        (
            "wrong passwords",
            recorded("login.failed"),
            exactly(log.wrong),
        ),
        (
            "wrong codes",
            recorded("code.failed"),
            exactly(log.wrong_codes),
        ),
        (
            "attempts of networks",
            facts.counted("password-network"),
            by_network,
        ),
        (
            "attempts at addresses",
            facts.counted("password-failures"),
            counted(log.at_address),
        ),
        (
            "attempts of known browsers",
            facts.counted("known-browser-failures"),
            counted(log.by_known_browser),
        ),
    ] {
        ensure!(
            expected.contains(&count),
            "{name}: {count} instead of {expected:?}"
        );
    }
    for row in facts.counts("password-network") {
        // By quarter of the hour and address.
        let attributes = row.as_object().into_iter().flatten();
        let of_addresses = attributes.filter(|(name, _)| name.contains('-'));
        let sum: usize = of_addresses.map(|(name, _)| number(row, name)).sum();
        ensure_eq!(sum, number(row, "count"), "attempts at each address: {row}");
    }
    Ok(())
}
