//! The counters that must exist: the rows of `rate-limits`, with all their numbers.

use crate::rows::{number, text};
use serde_json::Value;
use shared::domain::rate_limit::RateLimit;
use shared::domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The numbers of a row, by attribute.
type Row = BTreeMap<String, u64>;

#[derive(Clone, Default)]
pub(super) struct Counters {
    pub(super) rows: BTreeMap<String, Row>,
    /// The keys of rows that the current step may have written.
    touched: BTreeSet<String>,
    /// The number of audit records of failed attempts, by action and address.
    pub(super) failures: BTreeMap<String, u64>,
}

impl Counters {
    /// Returns a number of a limit's row, or 0.
    pub(super) fn number(&self, limit: &RateLimit, attribute: &str, now: u64) -> u64 {
        let row = self.rows.get(&key(limit, now));
        row.and_then(|row| row.get(attribute)).copied().unwrap_or(0)
    }

    pub(super) fn is_full(&self, limit: &RateLimit, now: u64) -> bool {
        self.number(limit, "count", now) >= limit.limit
    }

    /// Counts once more, unless the limit is reached. Returns whether it was counted.
    pub(super) fn count(&mut self, limit: &RateLimit, now: u64) -> bool {
        let is_full = self.is_full(limit, now);
        self.touch(limit, now);
        if !is_full {
            self.add(limit, "count", now);
        }
        !is_full
    }

    /// Adds 1 to a number of a limit's row.
    pub(super) fn add(&mut self, limit: &RateLimit, attribute: &str, now: u64) {
        let value = self.number(limit, attribute, now) + 1;
        self.set(limit, attribute, value, now);
    }

    /// Sets a number of a limit's row, which lives until a day after its window.
    pub(super) fn set(&mut self, limit: &RateLimit, attribute: &str, value: u64, now: u64) {
        self.touch(limit, now);
        let expires_at = limit.expires_at(Timestamp::from_millis(now)).secs();
        let row = self.rows.entry(key(limit, now)).or_default();
        row.insert(attribute.to_owned(), value);
        row.insert("expires_at".to_owned(), expires_at);
    }

    /// Takes one count back. A row forgets what it does not count any more, but for its total.
    pub(super) fn give_back(&mut self, limit: &RateLimit, attribute: &str, now: u64) {
        let Some(row) = self.rows.get_mut(&key(limit, now)) else {
            return;
        };
        if let Some(count) = row.get_mut(attribute) {
            *count = count.saturating_sub(1);
        }
        row.retain(|name, count| *count > 0 || name == "count");
    }

    /// Notes that a step may have written a limit's row.
    pub(super) fn touch(&mut self, limit: &RateLimit, now: u64) {
        self.touched.insert(key(limit, now));
    }

    /// Ends a step, and returns the keys of the rows that it may have written.
    pub(super) fn take_touched(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.touched)
    }

    /// Replaces a row by what its table has.
    pub(super) fn replace(&mut self, key: String, row: Option<&Value>) {
        match row {
            Some(row) => drop(self.rows.insert(key, numbers(row))),
            None => drop(self.rows.remove(&key)),
        }
    }

    /// Removes what DynamoDB has expired, at a time in seconds.
    pub(super) fn expire(&mut self, now: u64) {
        let is_kept = |row: &Row| row.get("expires_at").is_none_or(|at| *at >= now);
        self.rows.retain(|_, row| is_kept(row));
    }

    /// Returns a line for each row.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        self.rows.iter().map(|(key, row)| line(key, row))
    }
}

/// Returns the line of a row in the table.
pub(super) fn line_of(row: &Value) -> String {
    line(text(row, "pk"), &numbers(row))
}

/// Returns a line that has only the number of idempotency keys: the portal makes up some.
fn line(key: &str, row: &Row) -> String {
    let is_key = |name: &str| name.starts_with("key-");
    let keys = row.keys().filter(|name| is_key(name)).count();
    let others: Vec<_> = row.iter().filter(|(name, _)| !is_key(name)).collect();
    format!("{key} {others:?}, {keys} keys")
}

fn numbers(row: &Value) -> Row {
    let attributes = row.as_object().into_iter().flatten();
    let names = attributes.map(|(name, _)| name);
    names
        .filter_map(|name| Some((name.clone(), number(row, name)?)))
        .collect()
}

fn key(limit: &RateLimit, now: u64) -> String {
    limit.item_key(Timestamp::from_millis(now))
}
