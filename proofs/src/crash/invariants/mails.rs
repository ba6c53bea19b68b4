//! Mails: asked for, claimed, sent, over.

use super::{Event, Facts, hold, number, sorted, stored};
use local::ReceivedEmail;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn all_are_over(facts: &Facts) -> Result<(), String> {
    for row in facts.rows("emails") {
        let (end, copies) = (stored(row, "status"), copies(facts, row).len());
        let over = row.get("unfinished").is_none()
            && row.get("ended_at").is_some()
            && facts.ends.contains(&end);
        hold(over, || format!("a mail ended as {end}: {row}"))?;
        let proper = match end {
            "sent" => copies >= 1 && row.get("message_id").is_some(),
            "dropped" => copies == 0 && row.get("address").is_none() && row.get("reason").is_some(),
            "throttled" => copies == 0 && row.get("reason").is_some(),
            _ => row.get("reason").is_some(),
        };
        hold(proper, || {
            format!("a mail was sent {copies} times and its row is {row}")
        })?;
    }
    Ok(())
}

pub(super) fn copies_are_the_same(facts: &Facts) -> Result<(), String> {
    let mut known = 0;
    for row in &facts.mails {
        let copies = copies(facts, row);
        known += copies.len();
        let contents: BTreeSet<_> = copies.iter().map(|mail| content(mail)).collect();
        hold(contents.len() <= 1, || {
            format!("these are the same mail: {contents:?}")
        })?;
    }
    hold(known == facts.inbox.len(), || {
        format!(
            "{} mails were sent, and {known} asked for",
            facts.inbox.len()
        )
    })
}

/// What was sent of it. A link says which row it is of; of notices, the first to an address is of
/// the first row.
fn copies<'a>(facts: &'a Facts, row: &Value) -> Vec<&'a ReceivedEmail> {
    let sent = facts.inbox.iter();
    if !is_notice(row) {
        return sent
            .filter(|mail| link_id(mail).as_deref() == Some(stored(row, "link_id")))
            .collect();
    }
    let alike = |one: &&Value| one["address"] == row["address"] && one["kind"] == row["kind"];
    let earlier = facts
        .mails
        .iter()
        .filter(alike)
        .filter(|one| stored(one, "sk") < stored(row, "sk"))
        .count();
    let changed = match stored(row, "kind") {
        "password-changed" => "password",
        _ => "address",
    };
    let about = |mail: &&ReceivedEmail| {
        mail.links.is_empty() && mail.subject.contains(&format!("{changed} "))
    };
    let to_her: Vec<_> = sent
        .filter(|mail| mail.to == stored(row, "address"))
        .filter(about)
        .collect();
    let mut contents: Vec<_> = vec![];
    for mail in &to_her {
        if !contents.contains(&content(mail)) {
            contents.push(content(mail));
        }
    }
    to_her
        .into_iter()
        .filter(|mail| contents.get(earlier) == Some(&content(mail)))
        .collect()
}

fn content(mail: &ReceivedEmail) -> [&str; 4] {
    [&mail.to, &mail.subject, &mail.text, &mail.html].map(String::as_str)
}

fn link_id(mail: &ReceivedEmail) -> Option<String> {
    let token = mail.links.first()?.rsplit('/').next()?;
    let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(token)
        .ok()?
        .claims;
    claims["jti"].as_str().map(str::to_owned)
}

fn is_notice(row: &Value) -> bool {
    stored(row, "kind").ends_with("-changed")
}

/// What is written down when a mail of this row's kind is taken up.
fn taken_up(row: &Value) -> &'static str {
    match stored(row, "kind") {
        "sign-in" => "login.requested",
        "reset" => "password.reset.requested",
        "sign-up" => "sign-up.requested",
        "invitation" => "invitation.emailed",
        _ => "notice.emailed",
    }
}

fn is_self_requested(row: &&Value) -> bool {
    ["sign-in", "reset", "sign-up"].contains(&stored(row, "kind"))
}

pub(super) fn claims_are_whole(facts: &Facts) -> Result<(), String> {
    let claimed: Vec<_> = facts
        .mails
        .iter()
        .filter(|row| row.get("kid").is_some())
        .collect();
    let mails = sorted(
        claimed
            .iter()
            .map(|row| (stored(row, "user_id"), stored(row, "sk"), taken_up(row))),
    );
    let events = facts.events().filter(|event| event.is_about("email"));
    let events = sorted(events.map(|event| (event.subject(), event.resource(), event.action())));
    hold(mails == events, || {
        format!("the mails {mails:?} are claimed, and {events:?} are written down")
    })?;

    let with_links = claimed.iter().filter(|row| !is_notice(row));
    let links = sorted(with_links.map(|row| {
        (
            stored(row, "link_id"),
            stored(row, "user_id"),
            stored(row, "template"),
        )
    }));
    let tokens = facts.rows("links");
    let tokens = sorted(tokens.map(|row| {
        (
            stored(row, "pk"),
            stored(row, "user_id"),
            stored(row, "purpose"),
        )
    }));
    hold(links == tokens, || {
        format!("the links {links:?} are mailed, and the rows {tokens:?} are there")
    })?;

    let asked = claimed.iter().copied().filter(is_self_requested).count();
    let budgets =
        ["mail-hour", "mail-day", "mail-portal", "mail-reserve"].map(|scope| facts.counted(scope));
    hold(
        budgets == [asked, asked, asked, claimed.len() - asked],
        || {
            format!(
                "{asked} mails of {} are claimed that were asked for, and the budgets say {budgets:?}",
                claimed.len()
            )
        },
    )
}

pub(super) fn throttles_count_what_was_asked(facts: &Facts) -> Result<(), String> {
    let asked: Vec<_> = facts.mails.iter().filter(is_self_requested).collect();
    let counts = ["ask-minute", "ask-hour", "ask-network"].map(|scope| facts.counted(scope));
    hold(counts == [asked.len(); 3], || {
        format!(
            "{} mails were asked for, and the throttles say {counts:?}",
            asked.len()
        )
    })?;
    let (signed_up, counted) = (
        asked
            .iter()
            .filter(|row| stored(row, "kind") == "sign-up")
            .count(),
        facts.counted("sign-up"),
    );
    hold(signed_up == counted, || {
        format!("{signed_up} sign-ups were asked for, and the throttle says {counted}")
    })
}

/// Invitations and notices: one row for each act and address, queued with the act.
pub(super) fn acts_are_told_once(facts: &Facts) -> Result<(), String> {
    let invited = facts
        .audited(&["invited", "invitation.resent"])
        .map(Event::subject);
    told(facts, "invitation", &sorted(invited))?;
    told(
        facts,
        "password-changed",
        &sorted(facts.audited(&["password.reset"]).map(Event::subject)),
    )?;
    let moved = sorted(facts.events().flat_map(sides));
    told(
        facts,
        "address-changed",
        &moved.iter().map(|(user, _)| *user).collect::<Vec<_>>(),
    )?;

    let rows = facts
        .mails
        .iter()
        .filter(|row| stored(row, "kind") == "address-changed");
    let to = sorted(rows.map(|row| (stored(row, "for_user"), stored(row, "pk"))));
    hold(to == moved, || {
        format!("the addresses of {moved:?} were changed, and {to:?} are told")
    })
}

/// Whose address was changed, and the mailboxes before and after.
fn sides<'a>(event: Event<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let boxes = ["address_before", "address_after"].map(|name| event.says(name));
    boxes
        .into_iter()
        .flatten()
        .map(move |mailbox| (event.subject(), mailbox))
}

/// There is one row of this kind for each of `acts`, and each is of an epoch of its own.
fn told(facts: &Facts, kind: &str, acts: &[&str]) -> Result<(), String> {
    let rows: Vec<_> = facts
        .mails
        .iter()
        .filter(|row| stored(row, "kind") == kind)
        .collect();
    let told = sorted(rows.iter().map(|row| stored(row, "for_user")));
    hold(told == acts, || {
        format!("{kind} is to be told to {acts:?}, and {told:?} are told")
    })?;
    let mut epochs = BTreeMap::<_, BTreeSet<_>>::new();
    for row in rows {
        let new = epochs
            .entry((stored(row, "for_user"), stored(row, "pk")))
            .or_default()
            .insert(number(row, "for_epoch"));
        hold(new, || format!("an act is told twice: {row}"))?;
    }
    Ok(())
}
