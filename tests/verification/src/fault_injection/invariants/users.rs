//! Users, and the traces of what has happened to them in their rows.

use super::{Facts, Record, all_differ, number, text, user_id};
use crate::{ensure, ensure_eq};
use serde_json::Value;

const CREATED: &[&str] = &["local.added", "added", "invited", "imported", "signed-up"];
/// The actions that void earlier links and sessions.
const MOVING_EPOCH: &[&str] = &[
    "password.reset",
    "password.changed",
    "invitation.resent",
    "suspended",
    "reactivated",
    "address.changed",
    "sessions.revoked",
    "reported",
];

pub(super) fn are_complete(facts: &Facts) -> Result<(), String> {
    let created: Vec<_> = facts.audited(CREATED).map(Record::user).collect();
    let erased: Vec<_> = facts.audited(&["erased"]).map(Record::user).collect();
    let rows = facts.rows("users");
    let claims: Vec<_> = rows
        .filter(|row| text(row, "pk").starts_with("email#"))
        .collect();
    let (users, addresses) = (facts.users().count(), claims.len());
    let adds_up = users == addresses && users + erased.len() == created.len();
    ensure!(
        adds_up && all_differ(&created) && all_differ(&erased),
        "{users} users, {addresses} addresses, created {created:?}, erased {erased:?}"
    );
    for user in facts.users() {
        let (id, claim) = (user_id(user), format!("email#{}", text(user, "address")));
        let is_its = |row: &&&Value| text(row, "pk") == claim && text(row, "user_id") == id;
        let is_claimed = claims.iter().any(|row| is_its(&row));
        let exists = created.contains(&id) && !erased.contains(&id);
        ensure!(is_claimed && exists, "an incomplete user: {user}");
    }
    Ok(())
}

pub(super) fn epochs_count_acts(facts: &Facts) -> Result<(), String> {
    // An activation is about the user when an administrator did it.
    let moves_epoch = |record: &Record<'_>| {
        MOVING_EPOCH.contains(&record.action())
            || (record.action() == "activated" && record.is_about("user"))
    };
    // The link of an invited user voids all earlier ones.
    let activates =
        |link: &&Value| text(link, "account") == "invited" && link.get("used_at").is_some();
    for user in facts.users() {
        let id = user_id(user);
        let records = facts.records().filter(|record| record.user() == id);
        let links = facts
            .rows("links")
            .filter(|link| text(link, "user_id") == id);
        let acts = records.filter(moves_epoch).count() + links.filter(activates).count();
        // The first epoch is random above its low 16 bits.
        ensure_eq!(number(user, "epoch") % 65_536, acts, "the epoch of {user}");
    }
    Ok(())
}

pub(super) fn sign_ins_are_counted(facts: &Facts) -> Result<(), String> {
    for user in facts.users() {
        let of_user = || {
            facts
                .records()
                .filter(|record| record.user() == user_id(user))
        };
        let sessions = of_user().filter(|record| record.starts_session()).count();
        let others = of_user()
            .filter(|record| {
                ["password.reset", "password.changed", "session.confirmed"]
                    .contains(&record.action())
            })
            .count();
        let (times, counted) = (sessions + others, number(user, "sign_ins"));
        ensure_eq!(counted, times, "the sign-ins of {user}");
        let has_time = user.get("signed_in_at").is_some();
        ensure_eq!(has_time, sessions > 0, "the last sign-in of {user}");
    }
    Ok(())
}

pub(super) fn erased_ones_leave_nothing(facts: &Facts) -> Result<(), String> {
    let mut tombstones: Vec<_> = facts.tombstones().map(user_id).collect();
    tombstones.sort_unstable();
    let erased: Vec<_> = facts.erased().into_iter().collect();
    ensure_eq!(tombstones, erased, "the tombstones");
    for tombstone in facts.tombstones() {
        let attributes = tombstone.as_object().map_or(0, serde_json::Map::len);
        ensure_eq!(attributes, 2, "the attributes of {tombstone}");
    }
    for user in facts.erased() {
        let session = facts.rows("sessions").find(|row| text(row, "pk") == user);
        let mut emails = facts.rows("emails");
        let email =
            emails.find(|row| [text(row, "user_id"), text(row, "for_user")].contains(&user));
        let is_gone = session.is_none() && email.is_none();
        ensure!(is_gone, "{user} was erased, and left {session:?} {email:?}");
    }
    Ok(())
}
