//! The invariants of a portal's tables: they have exactly what has happened.

use super::counters::line_of;
use super::emails::EmailState;
use super::portal::PortalUnderTest;
use crate::rng::Rng;
use crate::rows::{number, text};
use crate::{ensure, jwt};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The number of secrets that are searched for inside the values of all tables. All secrets are
/// compared with whole values.
const SEARCHED: usize = 12;

impl PortalUnderTest<'_> {
    /// Compares the tables with the model.
    pub(super) fn check_tables(&self) -> Result<(), String> {
        let dump = self.world.portal.dump().unwrap();
        let rows = |table: &str| dump.get(table).map(Vec::as_slice).unwrap_or_default();
        self.check_sessions(rows("sessions"))?;
        self.check_links(rows("links"))?;
        self.check_users(rows("users"))?;
        let links = self.model.links.iter();
        let emails = links.filter(|link| link.state != EmailState::Gone).count();
        let found = rows("emails").len();
        ensure!(found == emails, "{found} emails, expected {emails}");
        let counters = rows("rate-limits").iter().map(line_of);
        same("counters", counters, self.model.counters.lines())?;
        self.check_audit(rows("audit"))
    }

    fn check_sessions(&self, rows: &[Value]) -> Result<(), String> {
        let sessions = self.model.sessions.iter();
        let sessions = sessions
            .filter(|session| !session.ended && !session.is_gone)
            .map(|one| format!("{} {} epoch {}", one.user, one.hash, one.epoch));
        let rows = rows.iter().map(|row| {
            let [user, hash, epoch] = ["pk", "sk", "epoch"].map(|name| text(row, name));
            format!("{user} {hash} epoch {epoch}")
        });
        same("sessions", rows, sessions)
    }

    fn check_links(&self, rows: &[Value]) -> Result<(), String> {
        let links = self.model.links.iter();
        let links = links
            .filter(|link| link.claim.is_some() && !link.is_gone)
            .map(|link| {
                format!(
                    "{} used at {:?}",
                    link.id,
                    link.used.as_ref().map(|used| used.at)
                )
            });
        let rows = rows
            .iter()
            .map(|row| format!("{} used at {:?}", text(row, "pk"), number(row, "used_at")));
        same("links", rows, links)
    }

    fn check_users(&self, rows: &[Value]) -> Result<(), String> {
        let users = self.model.people.iter();
        let users = users.filter_map(|person| person.user.as_ref()).map(|user| {
            let status = user.status.as_str();
            let has_password = user.password.is_some();
            format!(
                "user#{} {} {status} epoch {} sign-ins {} password {has_password}",
                user.id, user.name, user.epoch, user.sign_ins
            )
        });
        // A tombstone is for no user, and has its own test.
        let rows = rows.iter().filter(|row| row.get("erased_at").is_none());
        let rows: Vec<_> = rows.collect();
        ensure!(
            rows.len() == 2 * users.clone().count(),
            "{} rows are not a user and a claim for each: {rows:?}",
            rows.len()
        );
        let rows = rows.iter().filter(|row| row.get("status").is_some());
        let rows = rows.map(|row| {
            let [id, name, status, epoch] =
                ["pk", "name", "status", "epoch"].map(|name| text(row, name));
            let sign_ins = number(row, "sign_ins").unwrap_or_default();
            let has_password = row.get("password").is_some();
            format!(
                "{id} {name} {status} epoch {epoch} sign-ins {sign_ins} password {has_password}"
            )
        });
        same("users", rows, users)
    }

    /// Checks that no table has anything that clients were given or sent (promise 2).
    pub(super) fn check_secrets(&self, rng: &mut Rng) -> Result<(), String> {
        let mut secrets = self.secrets();
        let dump = self.world.portal.dump().unwrap();
        let mut values = BTreeSet::new();
        for row in dump.values().flatten() {
            collect_strings(row, &mut values);
        }
        let whole = secrets
            .iter()
            .find(|(_, secret)| values.contains(secret.as_str()));
        ensure!(
            whole.is_none(),
            "a table has {:?}",
            whole.map(|(name, _)| name)
        );
        let text = json!(dump).to_string();
        for _ in 0..SEARCHED.min(secrets.len()) {
            let (name, secret) = secrets.swap_remove(rng.below(secrets.len()));
            // Eight digits occur in many numbers.
            ensure!(
                secret.len() <= 8 || !text.contains(&secret),
                "a value in a table has {name}"
            );
        }
        Ok(())
    }

    /// Returns everything that clients have or were emailed.
    fn secrets(&self) -> Vec<(&'static str, String)> {
        let mut secrets = vec![];
        for link in &self.model.links {
            secrets.extend(link.nonce.clone().map(|nonce| ("a nonce", nonce)));
            if link.email.is_some() {
                let token = link.token();
                let [_, _, signature] = jwt::segments(&token);
                secrets.push(("a link's signature", signature.to_owned()));
                secrets.push(("a link", token));
            }
            if let Some(code) = link.code() {
                secrets.push(("a code", code.to_owned()));
                secrets.push(("a code", code.replace(' ', "")));
            }
        }
        let sessions = self.model.sessions.iter();
        for token in sessions.flat_map(|session| &session.tokens) {
            secrets.push(("a session's id", jwt::session_id(token)));
            secrets.push(("a session's token", token.clone()));
        }
        let people = self.model.people.iter();
        let passwords = people.filter_map(|person| person.user.as_ref()?.password.clone());
        secrets.extend(passwords.map(|password| ("a password", password)));
        let marks = self.model.marks.keys().cloned();
        secrets.extend(marks.map(|mark| ("a mark of a known browser", mark)));
        secrets
    }
}

/// Compares descriptions of rows with those of the model, in any order.
pub(super) fn same(
    name: &str,
    found: impl Iterator<Item = String>,
    expected: impl Iterator<Item = String>,
) -> Result<(), String> {
    let mut unexpected: Vec<_> = found.collect();
    let mut missing = vec![];
    for row in expected {
        match unexpected.iter().position(|found| *found == row) {
            Some(at) => drop(unexpected.swap_remove(at)),
            None => missing.push(row),
        }
    }
    ensure!(
        unexpected.is_empty() && missing.is_empty(),
        "{name}: unexpected {unexpected:?}, missing {missing:?}"
    );
    Ok(())
}

/// Collects all strings in a value.
fn collect_strings<'a>(value: &'a Value, into: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) => drop(into.insert(text)),
        Value::Array(items) => items.iter().for_each(|item| collect_strings(item, into)),
        Value::Object(fields) => fields
            .values()
            .for_each(|field| collect_strings(field, into)),
        _ => {}
    }
}
