//! Users, and what their rows say of what has happened to them.

use super::{Event, Facts, all_differ, hold, id, number, stored};

const ADDED: &[&str] = &["local.added", "added", "invited", "imported", "signed-up"];
/// What voids everything that was minted before.
const MOVING: &[&str] = &[
    "password.reset",
    "invitation.resent",
    "suspended",
    "reactivated",
    "address.changed",
    "sessions.revoked",
];

pub(super) fn are_whole(facts: &Facts) -> Result<(), String> {
    let added: Vec<_> = facts.audited(ADDED).map(Event::subject).collect();
    let erased: Vec<_> = facts.audited(&["erased"]).map(Event::subject).collect();
    let claims: Vec<_> = facts
        .rows("users")
        .filter(|row| stored(row, "pk").starts_with("email#"))
        .collect();
    let users = facts.users().count();
    let adds_up = users == claims.len() && users + erased.len() == added.len();
    hold(adds_up && all_differ(&added) && all_differ(&erased), || {
        format!(
            "{users} users, {} addresses, {added:?} were added, {erased:?} erased",
            claims.len()
        )
    })?;
    for user in facts.users() {
        let claim = format!("email#{}", stored(user, "address"));
        let claimed = claims
            .iter()
            .any(|row| stored(row, "pk") == claim && stored(row, "user_id") == id(user));
        let known = added.contains(&id(user)) && !erased.contains(&id(user));
        hold(claimed && known, || {
            format!("a user is half written: {user}")
        })?;
    }
    Ok(())
}

pub(super) fn epochs_count_acts(facts: &Facts) -> Result<(), String> {
    // Whoever is activated by an administrator, and not by her link.
    let moves = |event: &Event<'_>| {
        MOVING.contains(&event.action())
            || (event.action() == "activated" && event.is_about("user"))
    };
    for user in facts.users() {
        let acts = facts
            .events()
            .filter(moves)
            .filter(|event| event.subject() == id(user))
            .count();
        let epoch = number(user, "epoch");
        hold(epoch == acts, || {
            format!("{acts} acts moved an epoch, and it is {epoch}: {user}")
        })?;
    }
    Ok(())
}

pub(super) fn sign_ins_are_counted(facts: &Facts) -> Result<(), String> {
    let proves = |event: &Event<'_>| event.begins() || event.action() == "password.reset";
    for user in facts.users() {
        let times = facts
            .events()
            .filter(proves)
            .filter(|event| event.subject() == id(user))
            .count();
        let counted = number(user, "sign_ins");
        hold(counted == times, || {
            format!("a user signed in or reset {times} times, and her row says {counted}")
        })?;
        let signed_in = facts
            .events()
            .any(|event| event.begins() && event.subject() == id(user));
        hold(user.get("last_sign_in_at").is_some() == signed_in, || {
            format!("when did she last sign in? {user}")
        })?;
    }
    Ok(())
}

pub(super) fn erased_ones_leave_nothing(facts: &Facts) -> Result<(), String> {
    for event in facts.audited(&["erased"]) {
        let user = event.subject();
        let session = facts.rows("sessions").find(|row| stored(row, "pk") == user);
        let hers = |row: &&serde_json::Value| {
            ["user_id", "for_user"]
                .iter()
                .any(|name| stored(row, name) == user)
        };
        let mail = facts.rows("emails").find(hers);
        hold(session.is_none() && mail.is_none(), || {
            format!("{user} was erased, and left {session:?} {mail:?}")
        })?;
    }
    Ok(())
}
