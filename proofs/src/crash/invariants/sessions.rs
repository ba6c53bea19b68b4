//! Sessions, the links that gave them, and what is written down of both.

use super::{Event, Facts, all_differ, hold, number, sorted, stored};
use std::collections::BTreeSet;

pub(super) fn one_event_per_link(facts: &Facts) -> Result<(), String> {
    for (purpose, began) in [
        ("sign-in", &["link", "code"][..]),
        ("activation", &["activation"]),
        ("reset", &[]),
    ] {
        let tokens = facts
            .rows("links")
            .filter(|row| stored(row, "purpose") == purpose);
        let used = sorted(
            tokens
                .filter(|row| row.get("used_at").is_some())
                .map(|row| stored(row, "user_id")),
        );
        let is_its = |event: &Event<'_>| match purpose {
            "reset" => event.action() == "password.reset",
            _ => {
                event.begins()
                    && event
                        .says("auth_method")
                        .is_some_and(|how| began.contains(&how))
            }
        };
        let written = sorted(facts.events().filter(is_its).map(Event::subject));
        hold(used == written, || {
            format!(
                "{purpose} links of {used:?} are used, and events of {written:?} are written down"
            )
        })?;
    }
    Ok(())
}

pub(super) fn begin_and_end(facts: &Facts) -> Result<(), String> {
    let begun: Vec<_> = facts.events().filter(|event| event.begins()).collect();
    let names: Vec<_> = begun.iter().map(|event| event.resource()).collect();
    hold(all_differ(&names), || {
        format!("a session began twice: {names:?}")
    })?;
    for row in facts.rows("sessions") {
        let its = |event: &&Event<'_>| event.resource() == stored(row, "sk");
        let event = begun
            .iter()
            .find(its)
            .ok_or_else(|| format!("the session {row} has no beginning"))?;
        let same = event.subject() == stored(row, "pk")
            && event.says("auth_method") == row["auth_method"]["S"].as_str();
        hold(same, || {
            format!("the session {row} began as another one: {}", event.0)
        })?;
    }
    let there: BTreeSet<_> = facts
        .rows("sessions")
        .map(|row| stored(row, "sk"))
        .collect();
    let (over, erased) = (ended(facts), facts.erased());
    let replaced: BTreeSet<_> = begun
        .iter()
        .filter_map(|event| event.says("replaced"))
        .collect();
    for event in &begun {
        let name = event.resource();
        let is_over =
            over.contains(&name) || replaced.contains(name) || erased.contains(event.subject());
        hold(there.contains(name) != is_over, || {
            let what = if is_over {
                "is over, and still there"
            } else {
                "is lost"
            };
            format!("the session {name} {what}")
        })?;
    }
    Ok(())
}

pub(super) fn ended_ones_are_gone(facts: &Facts) -> Result<(), String> {
    let over = ended(facts);
    hold(all_differ(&over), || {
        format!("a session ended twice: {over:?}")
    })?;
    for row in facts.rows("sessions") {
        let whole = ["pk", "sk", "auth_method"]
            .iter()
            .all(|name| !stored(row, name).is_empty());
        hold(whole, || format!("a session is half written: {row}"))?;
        hold(!over.contains(&stored(row, "sk")), || {
            format!("an ended session is back: {row}")
        })?;
        let user = facts
            .users()
            .find(|user| super::id(user) == stored(row, "pk"));
        let known = user.is_some_and(|user| number(row, "epoch") <= number(user, "epoch"));
        hold(known, || {
            format!("a session is of nobody, or of an epoch that has not come: {row}")
        })?;
    }
    Ok(())
}

/// Those that ended one by one.
fn ended(facts: &Facts) -> Vec<&str> {
    facts
        .audited(&["logout", "session.revoked"])
        .map(Event::resource)
        .collect()
}
