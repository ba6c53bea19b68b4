//! The plan and the report.

use super::changes::Changes;
use super::source::Source;
use serde::Serialize;
use shared::domain::language::Language;
use std::collections::BTreeSet;

/// Returns the steps of a restore.
pub(super) fn plan(users: &str, source: &Source) -> String {
    let Source { table, at, .. } = source;
    let first = if source.is_given {
        format!("take the users of {table}, which you have restored")
    } else {
        format!("let DynamoDB restore the users into the table {table}")
    };
    format!(
        "To return to the users of {}:\n\
         1. {first}.\n\
         2. delete the table {users}, if it exists (DynamoDB keeps a backup for 35 days). Nobody \
         can sign in from then on.\n\
         3. read in the audit what has ended since, or was changed.\n\
         4. create {users} with the settings of the template, and copy the users into it.\n\
         Everybody is signed out, and all links stop working. Passwords that were replaced since \
         then are removed. Users who were suspended or changed since then are suspended. Erased \
         users stay erased.\n\
         To do this, run the command again with --yes.",
        Language::English.moment(*at)
    )
}

/// The result, with the ids of users that an administrator has to look at.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    users: usize,
    erased: Vec<&'a str>,
    without_password: Vec<&'a str>,
    suspended: Vec<&'a str>,
    missing: Vec<&'a str>,
}

impl<'a> Report<'a> {
    pub(super) fn new(restored: &'a BTreeSet<String>, changes: &'a Changes) -> Self {
        let is_live =
            |user: &&String| restored.contains(*user) && !changes.erased.contains_key(*user);
        let live = |users: &'a BTreeSet<String>| {
            let live = users.iter().filter(is_live);
            live.map(String::as_str).collect()
        };
        let erased = changes
            .erased
            .keys()
            .filter(|user| restored.contains(*user));
        let is_missing =
            |user: &&String| !restored.contains(*user) && !changes.erased.contains_key(*user);
        let missing = changes.created.iter().filter(is_missing);
        Self {
            users: restored.len(),
            erased: erased.map(String::as_str).collect(),
            without_password: live(&changes.new_password),
            suspended: live(&changes.changed),
            missing: missing.map(String::as_str).collect(),
        }
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    pub(super) fn text(&self, table: &str) -> String {
        let lists = [
            ("Erased since, and still erased", &self.erased),
            (
                "Password or first password set since: they reset it, or are invited again",
                &self.without_password,
            ),
            (
                "Suspended or changed since: suspended until you reactivate them",
                &self.suspended,
            ),
            ("Created since, and lost: add them again", &self.missing),
        ];
        let lists = lists.iter().filter(|(_, users)| !users.is_empty());
        let lists = lists.map(|(title, users)| format!("\n{title}:\n  {}", users.join("\n  ")));
        format!(
            "The table {table} has its {} users and erased users back, and everybody is signed \
             out.{}",
            self.users,
            lists.collect::<String>()
        )
    }
}
