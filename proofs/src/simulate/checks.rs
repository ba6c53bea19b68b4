//! What must hold of the tables as a whole, and how a seed ends.

use super::simulation::{Side, Simulation};
use super::weather::Regime;
use super::{INSTANCES, simulation::PORTALS};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How many of a seed's secrets are searched for in all tables; all of them are looked for as whole
/// values.
const SEARCHED: usize = 12;
/// How often the mailer is given another chance at the end, this long after one another.
const LAST_GOES: (usize, u64) = (12, 61_000);
/// Audit rows live for 400 days: what a seed that lasted longer has lost of them is not asked for.
const AUDIT_IS_WHOLE_FOR: u64 = 390 * 86_400_000;

impl Simulation<'_> {
    /// The tables hold exactly what has happened: nothing twice, nothing half, nothing that came
    /// back.
    ///
    /// # Errors
    /// What they hold beside it, or lack.
    pub(super) fn check_tables(&self) -> Result<(), String> {
        self.sides
            .iter()
            .try_for_each(|side| side.check().map_err(|why| format!("{}: {why}", side.name)))
    }

    /// The weather clears, time passes, the mailer goes on until nothing is left; then all is
    /// looked at.
    ///
    /// # Errors
    /// A mail that does not end, a table that is not right, or a secret at rest.
    pub(super) async fn settle(&mut self) -> Result<(), String> {
        self.weather.set(Regime::Clear);
        self.weather.set_keys([false; INSTANCES]);
        self.keys_stale_until = self.sides[0].now() + 15_000;
        let (goes, wait) = LAST_GOES;
        for go in 0..goes {
            for (s, portal) in PORTALS.iter().enumerate() {
                self.finish(s, go)
                    .await
                    .map_err(|why| format!("at the end, in {portal}: {why}"))?;
            }
            self.pass(wait);
        }
        self.check_tables()?;
        for (s, portal) in PORTALS.iter().enumerate() {
            let unfinished = self.sides[s]
                .world
                .rows("emails")
                .iter()
                .filter(|row| row.get("unfinished").is_some())
                .count();
            if unfinished > 0 {
                return Err(format!(
                    "at the end, in {portal}: {unfinished} mails are not over"
                ));
            }
            self.check_secrets(s)
                .map_err(|why| format!("{portal}: {why}"))?;
        }
        Ok(())
    }

    /// The stream hands over once what is not over; the rest is for the sweep alone.
    async fn finish(&mut self, s: usize, go: usize) -> Result<(), String> {
        if go > 0 {
            return self.sweep(s).await.map(drop);
        }
        for some in self.sides[s].model.open().chunks(10) {
            let _said = self.hand_over(s, some).await?;
        }
        Ok(())
    }

    /// No table holds anything that clients were given or showed (promise 2).
    fn check_secrets(&mut self, s: usize) -> Result<(), String> {
        let mut secrets = self.sides[s].secrets();
        let dump = self.sides[s].world.portal.dump().unwrap();
        let mut strings = BTreeSet::new();
        dump.values()
            .flatten()
            .for_each(|item| collect(item, &mut strings));
        if let Some((what, _)) = secrets
            .iter()
            .find(|(_, secret)| strings.contains(secret.as_str()))
        {
            return Err(format!("{what} is in a table"));
        }
        let text = json!(dump).to_string();
        for _ in 0..SEARCHED.min(secrets.len()) {
            let (what, secret) = secrets.swap_remove(self.dice.below(secrets.len()));
            // Eight digits alone stand in many a number.
            if secret.len() > 8 && text.contains(&secret) {
                return Err(format!("{what} is part of a value in a table"));
            }
        }
        Ok(())
    }
}

/// All strings in a value.
fn collect<'a>(value: &'a Value, into: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) => drop(into.insert(text)),
        Value::Array(all) => all.iter().for_each(|one| collect(one, into)),
        Value::Object(all) => all.values().for_each(|one| collect(one, into)),
        _ => {}
    }
}

impl Side<'_> {
    fn check(&self) -> Result<(), String> {
        let dump = self.world.portal.dump().unwrap();
        let rows = |table: &str| dump.get(table).map(Vec::as_slice).unwrap_or_default();
        self.check_sessions(rows("sessions"))?;
        self.check_links(rows("links"))?;
        self.check_users(rows("users"))?;
        let mails = self
            .model
            .links
            .iter()
            .filter(|link| link.row != super::model::Row::Gone)
            .count();
        if rows("emails").len() != mails {
            return Err(format!("{} mails, not {mails}", rows("emails").len()));
        }
        self.check_audit(rows("audit"))
    }

    fn check_sessions(&self, rows: &[Value]) -> Result<(), String> {
        let left = self
            .model
            .sessions
            .iter()
            .filter(|session| !session.ended && !session.swept);
        let must: BTreeSet<_> = left
            .map(|one| (one.user.clone(), one.hash.clone(), one.epoch.to_string()))
            .collect();
        let text = |row: &Value, path: &str| {
            row.pointer(path)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let are: BTreeSet<_> = rows
            .iter()
            .map(|row| {
                (
                    text(row, "/pk/S"),
                    text(row, "/sk/S"),
                    text(row, "/epoch/N"),
                )
            })
            .collect();
        if must == are {
            Ok(())
        } else {
            Err(format!("sessions {are:?}, not {must:?}"))
        }
    }

    fn check_links(&self, rows: &[Value]) -> Result<(), String> {
        let of = |row: &Value| {
            let used = row["used_at"]["N"].as_str().map(str::to_owned);
            (row["pk"]["S"].as_str().unwrap_or_default().to_owned(), used)
        };
        let left = self
            .model
            .links
            .iter()
            .filter(|link| link.minted.is_some() && !link.swept);
        let must: BTreeMap<_, _> = left
            .map(|link| {
                (
                    link.id.clone(),
                    link.used.as_ref().map(|used| used.at.to_string()),
                )
            })
            .collect();
        let are: BTreeMap<_, _> = rows.iter().map(of).collect();
        if must == are {
            Ok(())
        } else {
            Err(format!("links {are:?}, not {must:?}"))
        }
    }

    fn check_users(&self, rows: &[Value]) -> Result<(), String> {
        let known: Vec<_> = self
            .model
            .people
            .iter()
            .filter_map(|person| person.user.as_ref())
            .collect();
        let is = |row: &&Value| row.get("status").is_some();
        for row in rows.iter().filter(is) {
            let same = known.iter().any(|user| {
                row["pk"]["S"] == format!("user#{}", user.id)
                    && row["status"]["S"] == user.status.as_str()
                    && row["epoch"]["N"].as_str() == Some(user.epoch.to_string().as_str())
            });
            if !same {
                return Err(format!("the user {row} is none of {known:?}"));
            }
        }
        let count = rows.iter().filter(is).count();
        if count == known.len() && rows.len() == 2 * count {
            Ok(())
        } else {
            Err(format!("{count} users"))
        }
    }

    /// One login for each session, one logout for each that was ended and not replaced, one request
    /// for each link (promise 8).
    fn check_audit(&self, rows: &[Value]) -> Result<(), String> {
        if self.now() - self.model.began > AUDIT_IS_WHOLE_FOR {
            return Ok(());
        }
        let mut are: BTreeMap<(String, String), usize> = BTreeMap::new();
        let prefix = format!("{}.", self.name);
        for row in rows {
            let action = row["action"]["S"].as_str().unwrap_or_default();
            let Some(action) = action
                .strip_prefix(&prefix)
                .filter(|action| action.starts_with("log"))
            else {
                continue;
            };
            let of = row["resource_id"]["S"].as_str().unwrap_or_default();
            *are.entry((action.to_owned(), of.to_owned())).or_default() += 1;
        }
        let mut must: BTreeMap<(String, String), usize> = BTreeMap::new();
        for session in &self.model.sessions {
            must.insert(("login".to_owned(), session.hash.clone()), 1);
            if session.ended && !session.replaced {
                must.insert(("logout".to_owned(), session.hash.clone()), 1);
            }
        }
        for link in self.model.links.iter().filter(|link| link.minted.is_some()) {
            must.insert(("login.requested".to_owned(), link.key.1.clone()), 1);
        }
        let differs = |one: &BTreeMap<_, usize>, other: &BTreeMap<_, usize>| {
            one.iter()
                .find(|(key, count)| other.get(*key) != Some(count))
                .map(|(key, count)| format!("{count} x {key:?}"))
        };
        match (differs(&are, &must), differs(&must, &are)) {
            (None, None) => Ok(()),
            (is, lacks) => Err(format!("the audit has {is:?} and must have {lacks:?}")),
        }
    }

    /// What clients of this portal hold or were mailed.
    fn secrets(&self) -> Vec<(&'static str, String)> {
        let mut secrets = vec![];
        for link in &self.model.links {
            secrets.extend(link.nonce.clone().map(|nonce| ("a nonce", nonce)));
            let Some(letter) = &link.letter else { continue };
            secrets.push((
                "a link's signature",
                letter
                    .token
                    .rsplit('.')
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            ));
            secrets.push(("a link", letter.token.clone()));
            if !letter.code.is_empty() {
                secrets.push(("a code", letter.code.clone()));
                secrets.push(("a code", letter.code.replace(' ', "")));
            }
        }
        for token in self
            .model
            .sessions
            .iter()
            .flat_map(|session| &session.tokens)
        {
            let claims: Value = jsonwebtoken::dangerous::insecure_decode(token)
                .map(|token| token.claims)
                .unwrap();
            secrets.push((
                "a session's id",
                claims["sid"].as_str().unwrap_or_default().to_owned(),
            ));
            secrets.push(("a session's token", token.clone()));
        }
        secrets
    }
}
