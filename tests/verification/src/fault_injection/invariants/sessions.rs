//! Sessions, the links that started them, and the audit records of both.

use super::{Facts, Record, all_differ, number, sorted, text, user_id};
use crate::{ensure, ensure_eq};
use std::collections::BTreeSet;

pub(super) fn used_links_have_one_record(facts: &Facts) -> Result<(), String> {
    for (purpose, methods) in [
        ("sign-in", &["link", "code"][..]),
        ("activation", &["activation"]),
        ("reset", &[]),
        ("report", &[]),
    ] {
        let used = facts
            .rows("links")
            .filter(|row| text(row, "purpose") == purpose && row.get("used_at").is_some());
        let used = sorted(used.map(|row| text(row, "user_id")));
        let is_its = |record: &Record<'_>| match purpose {
            "reset" => record.action() == "password.reset",
            "report" => record.action() == "reported",
            _ => {
                let method = record.metadata("auth_method").unwrap_or_default();
                let is_proof = record.starts_session() || record.action() == "session.confirmed";
                is_proof && methods.contains(&method)
            }
        };
        let recorded = sorted(facts.records().filter(is_its).map(Record::user));
        ensure_eq!(recorded, used, "records of used {purpose} links");
    }
    Ok(())
}

pub(super) fn start_and_end(facts: &Facts) -> Result<(), String> {
    let starts: Vec<_> = facts
        .records()
        .filter(|record| record.starts_session())
        .collect();
    let started: Vec<_> = starts.iter().map(|record| record.target()).collect();
    ensure!(all_differ(&started), "a session started twice: {started:?}");
    for row in facts.rows("sessions") {
        let start = starts
            .iter()
            .find(|record| record.target() == text(row, "sk"));
        let start = start.ok_or_else(|| format!("the session {row} has no start"))?;
        let mut proofs = facts
            .audited(&["session.confirmed"])
            .filter(|record| record.target() == text(row, "sk"))
            .chain([*start]);
        let is_same = start.user() == text(row, "pk")
            && proofs
                .any(|proof| proof.metadata("auth_method") == row["auth_method"]["S"].as_str());
        ensure!(is_same, "the start {} of the session {row}", start.0);
    }
    let live: BTreeSet<_> = facts.rows("sessions").map(|row| text(row, "sk")).collect();
    let replaced: Vec<_> = starts
        .iter()
        .flat_map(|start| [start.metadata("replaced"), start.metadata("ended")])
        .flatten()
        .flat_map(|ids| ids.split(' '))
        .collect();
    let (ended, erased) = (ended(facts), facts.erased());
    for start in &starts {
        let id = start.target();
        let has_ended =
            ended.contains(&id) || replaced.contains(&id) || erased.contains(start.user());
        ensure_eq!(live.contains(id), !has_ended, "the session {id}");
    }
    Ok(())
}

pub(super) fn ended_ones_are_gone(facts: &Facts) -> Result<(), String> {
    let ended = ended(facts);
    ensure!(all_differ(&ended), "a session ended twice: {ended:?}");
    for row in facts.rows("sessions") {
        let is_complete = ["pk", "sk", "auth_method"]
            .iter()
            .all(|name| !text(row, name).is_empty());
        ensure!(is_complete, "an incomplete session: {row}");
        let is_back = ended.contains(&text(row, "sk"));
        ensure!(!is_back, "an ended session is back: {row}");
        let user = facts.users().find(|user| user_id(user) == text(row, "pk"));
        let has_user = user.is_some_and(|user| number(row, "epoch") <= number(user, "epoch"));
        ensure!(has_user, "a session of nobody, or of a later epoch: {row}");
    }
    Ok(())
}

/// Returns the ids of the sessions that were ended one by one.
fn ended(facts: &Facts) -> Vec<&str> {
    facts
        .audited(&["logout", "session.revoked"])
        .map(Record::target)
        .collect()
}
