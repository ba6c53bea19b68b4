//! What holds of the tables whenever everything is over, whatever went wrong on the way.

mod mails;
mod passwords;
mod sessions;
mod users;

use super::scene::Scene;
use super::tries::Tries;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The tables and the inbox of a scene, when everything is over.
pub(super) struct Facts {
    tables: BTreeMap<String, Vec<Value>>,
    /// The mails that were asked for: those in the table, and those that were erased with their
    /// user.
    mails: Vec<Value>,
    /// What came out of SES.
    inbox: Vec<local::ReceivedEmail>,
    /// What was tried with passwords.
    tries: Tries,
    /// How often a count may have been made once more than was tried: its answer was lost.
    counted_again: usize,
    /// How mails may end in this flow.
    ends: &'static [&'static str],
}

/// An invariant: its name, and what is wrong where it does not hold.
pub(super) type Invariant = (&'static str, fn(&Facts) -> Result<(), String>);

/// All of them.
pub(super) const INVARIANTS: &[Invariant] = &[
    (
        "a used link of whatever purpose has one event",
        sessions::one_event_per_link,
    ),
    (
        "every session has its beginning, and every beginning its session or its end",
        sessions::begin_and_end,
    ),
    (
        "an ended session is gone, and its end is written down once",
        sessions::ended_ones_are_gone,
    ),
    (
        "every mail that was accepted is over, in a way that is known",
        mails::all_are_over,
    ),
    (
        "every copy of a mail is the same",
        mails::copies_are_the_same,
    ),
    (
        "link, audit and budgets are written with the claim, or none of them",
        mails::claims_are_whole,
    ),
    (
        "throttles count what was asked, each time",
        mails::throttles_count_what_was_asked,
    ),
    (
        "every act is told once to everybody whom it is to be told",
        mails::acts_are_told_once,
    ),
    (
        "users, their addresses and their audit are written together",
        users::are_whole,
    ),
    (
        "an epoch moves once for each act that moves it",
        users::epochs_count_acts,
    ),
    (
        "a user's row counts how often she signed in",
        users::sign_ins_are_counted,
    ),
    (
        "an erased user leaves neither mails nor sessions",
        users::erased_ones_leave_nothing,
    ),
    (
        "what was tried with passwords is counted and written down",
        passwords::tries_are_counted,
    ),
];

impl Facts {
    /// Of a scene.
    pub(super) fn of(scene: &Scene, ends: &'static [&'static str]) -> Result<Self, String> {
        let tables = scene
            .world
            .portal
            .dump()
            .map_err(|error| error.to_string())?;
        let there = tables.get("emails").cloned().unwrap_or_default();
        let is_there = |erased: &Value| there.iter().any(|row| row["sk"] == erased["sk"]);
        let mut mails: Vec<_> = scene
            .erased_mails()
            .into_iter()
            .filter(|row| !is_there(row))
            .collect();
        mails.extend(there.iter().cloned());
        Ok(Self {
            mails,
            inbox: scene.world.portal.inbox(),
            tries: scene.tries(),
            counted_again: scene.faults.counted_again(),
            tables,
            ends,
        })
    }

    fn rows(&self, table: &str) -> impl Iterator<Item = &Value> {
        self.tables.get(table).into_iter().flatten()
    }

    fn users(&self) -> impl Iterator<Item = &Value> {
        self.rows("users")
            .filter(|row| stored(row, "pk").starts_with("user#"))
    }

    fn events(&self) -> impl Iterator<Item = Event<'_>> {
        self.rows("audit").map(Event)
    }

    /// Those of these actions, in the portal's own words.
    fn audited<'a>(&'a self, actions: &'a [&str]) -> impl Iterator<Item = Event<'a>> {
        self.events()
            .filter(|event| actions.contains(&event.action()))
    }

    /// Those who have been erased.
    fn erased(&self) -> BTreeSet<&str> {
        self.audited(&["erased"])
            .map(|event| event.subject())
            .collect()
    }

    /// The counts of a throttle, added up.
    fn counted(&self, scope: &str) -> usize {
        let rows = self
            .rows("rate-limits")
            .filter(|row| stored(row, "pk").split('#').next() == Some(scope));
        rows.map(|row| number(row, "count")).sum()
    }
}

/// A record of the audit.
#[derive(Clone, Copy)]
struct Event<'a>(&'a Value);

impl<'a> Event<'a> {
    /// Without the portal's name.
    fn action(self) -> &'a str {
        let whole = stored(self.0, "action");
        whole.strip_prefix("partner.").unwrap_or(whole)
    }

    fn subject(self) -> &'a str {
        stored(self.0, "pk")
    }

    fn resource(self) -> &'a str {
        stored(self.0, "resource_id")
    }

    fn is_about(self, kind: &str) -> bool {
        stored(self.0, "resource_type") == kind
    }

    fn says(self, name: &str) -> Option<&'a str> {
        self.0["metadata"]["M"][name]["S"].as_str()
    }

    /// Whether it is the beginning of a session.
    fn begins(self) -> bool {
        ["login", "activated"].contains(&self.action()) && self.is_about("session")
    }
}

fn stored<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name]["S"].as_str().unwrap_or_default()
}

fn number(row: &Value, name: &str) -> usize {
    row[name]["N"]
        .as_str()
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

fn id(user: &Value) -> &str {
    stored(user, "pk").trim_start_matches("user#")
}

fn hold(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn sorted<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<_> = all.collect();
    all.sort();
    all
}

fn all_differ<T: Ord>(all: &[T]) -> bool {
    all.iter().collect::<BTreeSet<_>>().len() == all.len()
}
