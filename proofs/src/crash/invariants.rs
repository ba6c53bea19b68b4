//! What holds of the tables whenever everything is over, whatever went wrong on the way.

use super::scene::Scene;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The tables and the inbox of a scene, when everything is over.
pub(super) struct Facts {
    tables: BTreeMap<String, Vec<Value>>,
    /// The mails that were sent: the id of the link, the link and the code.
    mails: Vec<(String, String)>,
    /// How mails may end in this flow.
    ends: &'static [&'static str],
}

/// An invariant: its name, and what is wrong where it does not hold.
pub(super) type Invariant = (&'static str, fn(&Facts) -> Result<(), String>);

/// All of them.
pub(super) const INVARIANTS: &[Invariant] = &[
    ("one link gives one session, and its login is written down", one_session_per_link),
    ("an ended session is gone, and its end is written down once", ended_sessions_are_gone),
    ("every mail that was accepted is over, in a way that is known", every_mail_is_over),
    ("every copy of a mail carries the same link and code", one_link_per_mail),
    ("link, audit and budgets are written with the claim, or none of them", claims_are_whole),
    ("throttles count what was asked, each time", throttles_count_what_was_asked),
    ("users, their addresses and their audit are written together", users_are_whole),
];

impl Facts {
    /// Of a scene.
    pub(super) fn of(scene: &Scene, ends: &'static [&'static str]) -> Result<Self, String> {
        let tables = scene.world.portal.dump().map_err(|error| error.to_string())?;
        let mut mails = vec![];
        for mail in scene.world.portal.inbox() {
            let link = mail.links.first().cloned().unwrap_or_default();
            let token = link.rsplit('/').next().unwrap_or_default();
            let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(token);
            let claims = claims.map_err(|error| format!("a mail carries no link: {error}"))?.claims;
            mails.push((text(&claims, "jti").to_owned(), format!("{link} {:?} {}", mail.code, mail.to)));
        }
        Ok(Self { tables, mails, ends })
    }

    fn rows(&self, table: &str) -> impl Iterator<Item = &Value> {
        self.tables.get(table).into_iter().flatten()
    }

    /// What the audit's events of this kind were done with.
    fn audited(&self, action: &str) -> Vec<String> {
        let events = self.rows("audit").filter(|row| stored(row, "action") == action);
        events.map(|row| stored(row, "resource_id").to_owned()).collect()
    }

    /// The counts of a throttle, added up.
    fn counted(&self, scope: &str) -> usize {
        let rows = self.rows("throttles").filter(|row| stored(row, "pk").split('#').next() == Some(scope));
        rows.filter_map(|row| row["count"]["N"].as_str()?.parse::<usize>().ok()).sum()
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn stored<'a>(row: &'a Value, name: &str) -> &'a str {
    text(&row[name], "S")
}

fn hold(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn all_differ(ids: &[String]) -> bool {
    ids.iter().collect::<BTreeSet<_>>().len() == ids.len()
}

fn one_session_per_link(facts: &Facts) -> Result<(), String> {
    let logins = facts.audited("partner.login");
    let used = facts.rows("tokens").filter(|row| row.get("used_at").is_some()).count();
    hold(all_differ(&logins) && logins.len() == used, || {
        format!("{used} links are used, and the logins are {logins:?}")
    })?;
    for session in facts.rows("sessions").map(|row| stored(row, "sk")) {
        hold(logins.iter().any(|login| login == session), || format!("the session {session} has no login"))?;
    }
    let there: Vec<_> = facts.rows("sessions").map(|row| stored(row, "sk")).collect();
    let ended = facts.audited("partner.logout");
    for login in &logins {
        let known = there.contains(&login.as_str()) || ended.contains(login);
        hold(known, || format!("the session {login} is lost"))?;
    }
    Ok(())
}

fn ended_sessions_are_gone(facts: &Facts) -> Result<(), String> {
    let ended = facts.audited("partner.logout");
    hold(all_differ(&ended), || format!("a session ended twice: {ended:?}"))?;
    for row in facts.rows("sessions") {
        let whole = ["pk", "sk", "began"].iter().all(|name| !stored(row, name).is_empty());
        hold(whole, || format!("a session is half written: {row}"))?;
        hold(!ended.iter().any(|end| end == stored(row, "sk")), || format!("an ended session is back: {row}"))?;
    }
    Ok(())
}

fn every_mail_is_over(facts: &Facts) -> Result<(), String> {
    for row in facts.rows("mail") {
        let (end, link) = (stored(row, "status"), stored(row, "link_id"));
        let copies = facts.mails.iter().filter(|(id, _)| id == link).count();
        let over = row.get("unfinished").is_none() && row.get("ended_at").is_some() && facts.ends.contains(&end);
        hold(over, || format!("a mail ended as {end}: {row}"))?;
        let proper = match end {
            "sent" => copies >= 1 && row.get("message_id").is_some(),
            "dropped" => copies == 0 && row.get("address").is_none() && row.get("reason").is_some(),
            "throttled" => copies == 0 && row.get("reason").is_some(),
            _ => row.get("reason").is_some(),
        };
        hold(proper, || format!("a mail was sent {copies} times and its row is {row}"))?;
    }
    Ok(())
}

fn one_link_per_mail(facts: &Facts) -> Result<(), String> {
    let mut links = BTreeMap::new();
    for (id, content) in &facts.mails {
        let first = links.entry(id).or_insert(content);
        hold(*first == content, || format!("{first} and {content} are the same mail"))?;
        let known = facts.rows("mail").any(|row| stored(row, "link_id") == id);
        hold(known, || format!("nobody asked for {content}"))?;
    }
    Ok(())
}

fn claims_are_whole(facts: &Facts) -> Result<(), String> {
    let claimed = facts.rows("mail").filter(|row| row.get("kid").is_some());
    let mut claimed: Vec<_> =
        claimed.map(|row| (stored(row, "sk").to_owned(), stored(row, "link_id").to_owned())).collect();
    claimed.sort();
    let (mut mails, mut links): (Vec<_>, Vec<_>) = claimed.into_iter().unzip();
    let (mut events, mut tokens) = (facts.audited("partner.login.requested"), vec![]);
    tokens.extend(facts.rows("tokens").map(|row| stored(row, "pk").to_owned()));
    for list in [&mut mails, &mut events, &mut links, &mut tokens] {
        list.sort();
    }
    hold(mails == events, || format!("the mails {mails:?} are claimed, and {events:?} are written down"))?;
    hold(links == tokens, || format!("the links {links:?} are mailed, and the rows {tokens:?} are there"))?;
    let budgets = ["mail-hour", "mail-day", "mail-portal"].map(|scope| facts.counted(scope));
    hold(budgets == [links.len(); 3], || format!("{} mails are claimed, and the budgets say {budgets:?}", links.len()))
}

fn throttles_count_what_was_asked(facts: &Facts) -> Result<(), String> {
    let asked = facts.rows("mail").count();
    let counts = ["ask-minute", "ask-hour", "ask-network"].map(|scope| facts.counted(scope));
    hold(counts == [asked; 3], || format!("{asked} mails were asked for, and the throttles say {counts:?}"))
}

fn users_are_whole(facts: &Facts) -> Result<(), String> {
    let added = ["local.added", "partner.added", "partner.invited"].map(|action| facts.audited(action)).concat();
    let (users, claims): (Vec<_>, Vec<_>) = facts.rows("users").partition(|row| stored(row, "pk").starts_with("user#"));
    hold(users.len() == claims.len() && users.len() == added.len() && all_differ(&added), || {
        format!("{} users, {} addresses, and {added:?} were added", users.len(), claims.len())
    })?;
    for user in users {
        let (id, claim) =
            (stored(user, "pk").trim_start_matches("user#"), format!("email#{}", stored(user, "address")));
        let claimed = claims.iter().any(|row| stored(row, "pk") == claim && stored(row, "user_id") == id);
        hold(claimed && added.iter().any(|one| one == id), || format!("a user is half written: {user}"))?;
    }
    Ok(())
}
