//! The invariants: what the tables must look like at the end of every flow, whatever has failed.

mod emails;
mod passwords;
mod sessions;
mod users;

use super::password_log::PasswordLog;
use super::scenario::Scenario;
use kit::Email;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The tables and the inbox at the end of a flow.
pub(super) struct Facts {
    tables: BTreeMap<String, Vec<Value>>,
    /// The rows of all requested emails, also of those erased with their user.
    emails: Vec<Value>,
    /// The emails that SES accepted, in order.
    inbox: Vec<Email>,
    passwords: PasswordLog,
    /// The number of counts that may have been made once more because their response was lost.
    maybe_recounted: usize,
    /// The number of attempts with an injected fault.
    injected: usize,
    /// The statuses with which emails may end in this flow.
    email_statuses: &'static [&'static str],
}

/// The name of an invariant, and a check that says why it does not hold.
type Invariant = (&'static str, fn(&Facts) -> Result<(), String>);

pub(super) const INVARIANTS: &[Invariant] = &[
    (
        "every used link has one audit record",
        sessions::used_links_have_one_record,
    ),
    (
        "every session has a start, every start a session or its end",
        sessions::start_and_end,
    ),
    (
        "an ended session is gone, and its end recorded once",
        sessions::ended_ones_are_gone,
    ),
    (
        "every email is finished with a known status",
        emails::all_are_finished,
    ),
    ("all copies of an email are equal", emails::copies_are_equal),
    (
        "link, audit and budgets are written with the claim",
        emails::claims_are_complete,
    ),
    (
        "rate limits count every request once",
        emails::rate_limits_count_requests,
    ),
    (
        "every act sends one notice to each address concerned",
        emails::acts_are_notified_once,
    ),
    (
        "users, addresses and audit are written together",
        users::are_complete,
    ),
    (
        "an epoch moves once for each act that moves it",
        users::epochs_count_acts,
    ),
    (
        "a user's row counts their sign-ins",
        users::sign_ins_are_counted,
    ),
    (
        "an erased user leaves no emails and no sessions",
        users::erased_ones_leave_nothing,
    ),
    (
        "passwords and codes are counted and recorded",
        passwords::attempts_are_counted,
    ),
];

impl Facts {
    pub(super) fn of(
        scenario: &Scenario,
        email_statuses: &'static [&'static str],
    ) -> Result<Self, String> {
        let mut tables = scenario
            .world
            .portal
            .dump()
            .map_err(|error| error.to_string())?;
        let ledger = scenario.ledger().clone();
        if let Some(rows) = tables.get_mut("emails") {
            // What remains are emails: a suppressed address has a row of its own among them.
            rows.retain(|row| text(row, "sk") != "suppression");
        }
        let mut emails = tables.get("emails").cloned().unwrap_or_default();
        for erased in ledger.erased_emails {
            if !emails.iter().any(|row| row["sk"] == erased["sk"]) {
                emails.push(erased);
            }
        }
        Ok(Self {
            tables,
            emails,
            inbox: scenario
                .world
                .portal
                .inbox()
                .into_iter()
                .map(Email::from)
                .collect(),
            passwords: ledger.passwords,
            maybe_recounted: scenario.injector.maybe_done(),
            injected: scenario.injector.injected(),
            email_statuses,
        })
    }

    fn rows(&self, table: &str) -> impl Iterator<Item = &Value> {
        self.tables.get(table).into_iter().flatten()
    }

    fn users(&self) -> impl Iterator<Item = &Value> {
        self.rows("users")
            .filter(|row| text(row, "pk").starts_with("user#") && row.get("erased_at").is_none())
    }

    /// Returns the rows that erased users leave.
    fn tombstones(&self) -> impl Iterator<Item = &Value> {
        self.rows("users")
            .filter(|row| row.get("erased_at").is_some())
    }

    fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.rows("audit").map(Record)
    }

    /// Returns the audit records of these actions, without the portal's prefix.
    fn audited<'a>(&'a self, actions: &'a [&str]) -> impl Iterator<Item = Record<'a>> {
        self.records()
            .filter(|record| actions.contains(&record.action()))
    }

    /// Returns the ids of the erased users.
    fn erased(&self) -> BTreeSet<&str> {
        self.audited(&["erased"])
            .map(|record| record.user())
            .collect()
    }

    /// Returns the sum of a rate limit's counts.
    fn counted(&self, scope: &str) -> usize {
        self.counts(scope).map(|row| number(row, "count")).sum()
    }

    /// Returns the rows of a rate limit.
    fn counts<'a>(&'a self, scope: &'a str) -> impl Iterator<Item = &'a Value> {
        self.rows("rate-limits")
            .filter(move |row| text(row, "pk").split('#').next() == Some(scope))
    }
}

/// A record of the audit.
#[derive(Clone, Copy)]
struct Record<'a>(&'a Value);

impl<'a> Record<'a> {
    fn action(self) -> &'a str {
        let action = text(self.0, "action");
        action.strip_prefix("partner.").unwrap_or(action)
    }

    fn user(self) -> &'a str {
        text(self.0, "pk")
    }

    fn target(self) -> &'a str {
        text(self.0, "resource_id")
    }

    fn is_about(self, kind: &str) -> bool {
        text(self.0, "resource_type") == kind
    }

    fn metadata(self, name: &str) -> Option<&'a str> {
        self.0["metadata"]["M"][name]["S"].as_str()
    }

    fn starts_session(self) -> bool {
        ["login", "activated"].contains(&self.action()) && self.is_about("session")
    }
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name]["S"].as_str().unwrap_or_default()
}

fn number(row: &Value, name: &str) -> usize {
    let number = row[name]["N"].as_str();
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

fn user_id(user: &Value) -> &str {
    text(user, "pk").trim_start_matches("user#")
}

fn sorted<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<_> = all.collect();
    all.sort();
    all
}

fn all_differ<T: Ord>(all: &[T]) -> bool {
    all.iter().collect::<BTreeSet<_>>().len() == all.len()
}
