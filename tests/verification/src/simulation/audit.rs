//! The audit: exactly one record for each event (promise 8).

use super::invariants::same;
use super::portal::PortalUnderTest;
use super::rules::DAY;
use crate::rows::text;
use serde_json::Value;
use std::collections::BTreeMap;

/// The time in which no audit record expires, in milliseconds; they live for 400 days.
const COMPLETE_FOR: u64 = 390 * DAY;
/// The actions whose records are counted one by one.
const CHECKED: [&str; 10] = [
    "login",
    "activated",
    "logout",
    "signed-up",
    "password.reset",
    "login.requested",
    "password.reset.requested",
    "sign-up.requested",
    "invitation.emailed",
    "notice.emailed",
];
/// The actions of failed attempts.
const FAILURES: [&str; 2] = ["login.failed", "code.failed"];

impl PortalUnderTest<'_> {
    /// Checks that the audit has a record for each start and end of a session, each email, each
    /// user who signed up, each new password, and each failed attempt.
    pub(super) fn check_audit(&self, rows: &[Value]) -> Result<(), String> {
        if self.now() - self.model.started_at > COMPLETE_FOR {
            return Ok(());
        }
        let checked = rows.iter().filter_map(|row| {
            let action = self.action(row)?;
            let target = text(row, "resource_id");
            CHECKED
                .contains(&action)
                .then(|| format!("{action} {target}"))
        });
        same("audit records", checked, self.expected_records())?;
        let line = |(target, count)| format!("{target}: {count}");
        let expected = self.model.counters.failures.clone();
        let found = self.audited_failures(rows);
        let found = found.into_iter().map(line);
        same("audit records", found, expected.into_iter().map(line))
    }

    /// Returns the records that the model expects, apart from those of failed attempts.
    fn expected_records(&self) -> impl Iterator<Item = String> {
        let sessions = self.model.sessions.iter();
        let begun = sessions
            .clone()
            .map(|session| format!("{} {}", session.action, session.hash));
        let ended = sessions
            .filter(|session| session.ended && !session.replaced)
            .map(|session| format!("logout {}", session.hash));
        let claimed = self.model.links.iter().filter(|link| link.claim.is_some());
        let emails = claimed
            .clone()
            .map(|link| format!("{} {}", link.kind.action(), link.email_key()[1]));
        let used = claimed.filter(|link| link.used.is_some());
        let changes = used.filter_map(|link| {
            let claim = link.claim.as_ref()?;
            let user = &claim.user;
            match (claim.template.as_str(), claim.account.as_str()) {
                ("reset", _) => Some(format!("password.reset {user}")),
                (_, "new") => Some(format!("signed-up {user}")),
                _ => None,
            }
        });
        begun.chain(ended).chain(emails).chain(changes)
    }

    /// Counts the record of a failed attempt at an address; nobody knows that of an unknown link.
    pub(super) fn count_failure(&mut self, action: &str, person: Option<usize>) {
        let target = person.map_or("unknown", |person| &self.model.people[person].address);
        let failure = format!("{action} {target}");
        *self.model.counters.failures.entry(failure).or_default() += 1;
    }

    /// Returns the number of records of failed attempts, by action and address.
    pub(super) fn audited_failures(&self, rows: &[Value]) -> BTreeMap<String, u64> {
        let mut failures = BTreeMap::new();
        let people = self.model.people.iter();
        let hashes: Vec<_> = people
            .map(|person| self.hash(&["mail", &person.address]).to_string())
            .collect();
        for row in rows {
            let Some(action) = self.action(row).filter(|action| FAILURES.contains(action)) else {
                continue;
            };
            let target = text(row, "resource_id");
            let person = hashes.iter().position(|hash| hash == target);
            let target = person.map_or("unknown", |person| &self.model.people[person].address);
            *failures.entry(format!("{action} {target}")).or_default() += 1;
        }
        failures
    }

    /// Returns the action of a record of this portal, without the portal's name.
    fn action<'r>(&self, row: &'r Value) -> Option<&'r str> {
        text(row, "action")
            .strip_prefix(self.name)?
            .strip_prefix('.')
    }
}
