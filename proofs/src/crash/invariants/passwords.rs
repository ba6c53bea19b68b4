//! What was tried with passwords. A request that was told "later" may have been counted, or not;
//! and where an answer was lost, the same count may have been made again. Records have ids, so that
//! they are never written twice.

use super::{Facts, hold};
use std::ops::RangeInclusive;

pub(super) fn tries_are_counted(facts: &Facts) -> Result<(), String> {
    let (right, wrong, again) = (
        facts.tries.right(),
        facts.tries.wrong(),
        facts.counted_again,
    );
    let in_a_row = facts.tries.in_a_row();
    let with_password = facts
        .events()
        .filter(|event| event.begins() && event.says("auth_method") == Some("password"));
    let counts = [
        (
            "sessions begun",
            with_password.count(),
            right.answered..=right.asked,
        ),
        (
            "failures written down",
            facts.audited(&["login.failed"]).count(),
            wrong.answered..=wrong.asked,
        ),
        (
            "attempts",
            facts.counted("password"),
            right.answered + wrong.answered..=right.asked + wrong.asked + again,
        ),
        (
            "wrong ones of networks",
            facts.counted("password-network"),
            wrong.answered..=wrong.asked + again,
        ),
        (
            "wrong ones in a row",
            facts.counted("password-in-a-row"),
            in_a_row.answered..=in_a_row.asked + again,
        ),
    ];
    counts
        .into_iter()
        .try_for_each(|(what, count, tried)| is_within(what, count, &tried))
}

fn is_within(what: &str, count: usize, tried: &RangeInclusive<usize>) -> Result<(), String> {
    hold(tried.contains(&count), || {
        format!("{what}: {count}, where {tried:?} are due")
    })
}
