//! Emails: requested, claimed, sent, finished.

use super::{Facts, Record, number, sorted, text};
use crate::rows::is_finished;
use crate::{ensure, ensure_eq};
use kit::Email;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn all_are_finished(facts: &Facts) -> Result<(), String> {
    for row in facts.rows("emails") {
        let (status, copies) = (text(row, "status"), copies(facts, row).len());
        let has = |name| row.get(name).is_some();
        let is_finished = is_finished(row) && has("ended_at");
        let is_expected = is_finished && facts.email_statuses.contains(&status);
        ensure!(is_expected, "an email ended as {status}: {row}");
        let is_plausible = match status {
            "sent" => copies >= 1 && has("message_id"),
            "dropped" => copies == 0 && !has("address") && has("reason"),
            "throttled" | "suppressed" => copies == 0 && has("reason"),
            _ => has("reason"),
        };
        ensure!(is_plausible, "{copies} copies were sent of {row}");
    }
    Ok(())
}

pub(super) fn copies_are_equal(facts: &Facts) -> Result<(), String> {
    let mut known = 0;
    for row in &facts.emails {
        let copies = copies(facts, row);
        known += copies.len();
        let is_equal = copies
            .windows(2)
            .all(|pair| content(pair[0]) == content(pair[1]));
        ensure!(is_equal, "copies of one email differ: {copies:?}");
    }
    ensure_eq!(facts.inbox.len(), known, "emails sent");
    Ok(())
}

/// Returns the copies that were sent for a row, which their links name.
fn copies<'a>(facts: &'a Facts, row: &Value) -> Vec<&'a Email> {
    let is_its = |email: &&Email| link_id(email).as_deref() == Some(text(row, "link_id"));
    facts.inbox.iter().filter(is_its).collect()
}

fn content(email: &Email) -> [&str; 4] {
    [&email.to, &email.subject, &email.text, &email.html].map(String::as_str)
}

fn link_id(email: &Email) -> Option<String> {
    let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(email.token());
    claims.ok()?.claims["jti"].as_str().map(str::to_owned)
}

fn is_notice(row: &Value) -> bool {
    claim_action(row) == "notice.emailed"
}

/// Returns the purpose of the link in an email that was claimed.
fn purpose(row: &Value) -> &str {
    if is_notice(row) {
        "report"
    } else {
        text(row, "template")
    }
}

fn is_self_requested(row: &&Value) -> bool {
    ["sign-in", "reset", "sign-up"].contains(&text(row, "kind"))
}

/// Returns the action that the claim of an email records.
fn claim_action(row: &Value) -> &'static str {
    match text(row, "kind") {
        "sign-in" => "login.requested",
        "reset" => "password.reset.requested",
        "sign-up" => "sign-up.requested",
        "invitation" => "invitation.emailed",
        _ => "notice.emailed",
    }
}

pub(super) fn claims_are_complete(facts: &Facts) -> Result<(), String> {
    let claimed = facts.emails.iter().filter(|row| row.get("kid").is_some());
    let claimed: Vec<_> = claimed.collect();
    let claims = claimed
        .iter()
        .map(|row| (text(row, "user_id"), text(row, "sk"), claim_action(row)));
    let claims = sorted(claims);
    let is_claim =
        |record: &Record| record.is_about("email") && record.action() != "email.redriven";
    let records = facts.records().filter(is_claim);
    let records = sorted(records.map(|one| (one.user(), one.target(), one.action())));
    ensure_eq!(records, claims, "records of claimed emails");

    // The links of a user are erased with their emails.
    let is_left = |row: &Value| facts.rows("emails").any(|left| left["sk"] == row["sk"]);
    let links = claimed.iter().filter(|row| is_left(row));
    let links = links.map(|row| [text(row, "link_id"), text(row, "user_id"), purpose(row)]);
    let links = sorted(links);
    let rows = facts.rows("links");
    let rows = sorted(rows.map(|row| ["pk", "user_id", "purpose"].map(|name| text(row, name))));
    ensure_eq!(rows, links, "rows of links sent");

    let counts = |budget| {
        claimed
            .iter()
            .filter(|row| budgets_of(row).contains(budget))
            .count()
    };
    for budget in BUDGETS.into_iter().flatten() {
        ensure_eq!(facts.counted(budget), counts(budget), "the budget {budget}");
    }
    Ok(())
}

const OF_ADDRESS: &[&str] = &["emails-per-hour", "emails-per-day", "portal-emails"];
const OF_KNOWN_BROWSER: &[&str] = &[
    "known-browser-emails-per-hour",
    "known-browser-emails-per-day",
];
const OF_SIGN_UPS: &[&str] = &["sign-up", "sign-up-emails"];
const OF_INVITATIONS: &[&str] = &["invitations"];
const BUDGETS: [&[&str]; 4] = [OF_ADDRESS, OF_KNOWN_BROWSER, OF_SIGN_UPS, OF_INVITATIONS];

/// Returns the budgets that an email counts against.
fn budgets_of(row: &Value) -> &'static [&'static str] {
    match text(row, "kind") {
        // No budget limits what an administrator sends again.
        _ if number(row, "redriven_at") > 0 && is_claimed_again(row) => &[],
        "invitation" => OF_INVITATIONS,
        _ if is_notice(row) => &[],
        _ if is_of_known_browser(row) => OF_KNOWN_BROWSER,
        "sign-up" => OF_SIGN_UPS,
        _ => OF_ADDRESS,
    }
}

/// Returns whether the first claim of a redriven email came after the redrive.
fn is_claimed_again(row: &Value) -> bool {
    number(row, "claimed_at") >= number(row, "redriven_at")
}

fn is_of_known_browser(row: &Value) -> bool {
    row.get("known_browser").is_some()
}

pub(super) fn rate_limits_count_requests(facts: &Facts) -> Result<(), String> {
    let requested: Vec<_> = facts.emails.iter().filter(is_self_requested).collect();
    let of_networks = requested.iter().filter(|row| !is_of_known_browser(row));
    let counted = ["requests", "requests-per-network"].map(|scope| facts.counted(scope));
    let expected = [requested.len(), of_networks.count()];
    ensure_eq!(counted, expected, "requests, and those of networks");
    for row in facts.counts("requests") {
        let attributes = row.as_object().into_iter().flatten();
        let (mut keys, mut in_minutes) = (0, 0);
        for (name, _) in attributes {
            keys += usize::from(name.starts_with("key-"));
            if name.starts_with("minute-") {
                in_minutes += number(row, name);
            }
        }
        let count = number(row, "count");
        ensure_eq!((keys, in_minutes), (count, count), "keys, by minute: {row}");
    }
    Ok(())
}

/// An invitation or notice is queued with its act: one row for each act and address.
pub(super) fn acts_are_notified_once(facts: &Facts) -> Result<(), String> {
    let users_of = |actions| sorted(facts.audited(actions).map(Record::user));
    check_rows(
        facts,
        "invitation",
        &users_of(&["invited", "invitation.resent"]),
    )?;
    check_rows(
        facts,
        "password-changed",
        &users_of(&["password.reset", "password.changed"]),
    )?;

    let by_administrators = facts.audited(&["sessions.revoked"]);
    let by_administrators = by_administrators.filter(|record| record.is_about("user"));
    check_rows(
        facts,
        "sessions-ended",
        &sorted(by_administrators.map(Record::user)),
    )?;

    let moved = sorted(facts.records().flat_map(changed_addresses));
    let users: Vec<_> = moved.iter().map(|(user, _)| *user).collect();
    check_rows(facts, "address-changed", &users)?;
    let rows = rows_of_kind(facts, "address-changed");
    let notified = sorted(rows.map(|row| (text(row, "for_user"), text(row, "pk"))));
    ensure_eq!(notified, moved, "notices of changed addresses");
    Ok(())
}

/// Returns the user whose address was changed, with the mailboxes before and after.
fn changed_addresses<'a>(record: Record<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let mailboxes = ["address_before", "address_after"].map(|name| record.metadata(name));
    mailboxes
        .into_iter()
        .flatten()
        .map(move |mailbox| (record.user(), mailbox))
}

fn rows_of_kind<'a>(facts: &'a Facts, kind: &str) -> impl Iterator<Item = &'a Value> {
    facts
        .emails
        .iter()
        .filter(move |row| text(row, "kind") == kind)
}

/// Checks that there is one row of this kind for each of these users, each for another epoch.
fn check_rows(facts: &Facts, kind: &str, users: &[&str]) -> Result<(), String> {
    let notified = sorted(rows_of_kind(facts, kind).map(|row| text(row, "for_user")));
    ensure_eq!(notified, users, "users notified of {kind}");
    let mut acts = BTreeSet::new();
    for row in rows_of_kind(facts, kind) {
        let act = (
            text(row, "for_user"),
            text(row, "pk"),
            number(row, "for_epoch"),
        );
        ensure!(acts.insert(act), "an act is notified twice: {row}");
    }
    Ok(())
}
