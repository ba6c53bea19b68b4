//! Which route a request takes: the one with the fewest variable parts that fits.

use crate::template::Route;
use percent_encoding::percent_decode_str;
use shared::config::StartError;
use std::collections::BTreeMap;

/// The routes of an API, each with where it leads.
pub(crate) struct Routes<T>(Vec<Entry<T>>);

struct Entry<T> {
    method: String,
    path: String,
    signed: bool,
    target: T,
}

/// The route that was found.
pub(super) struct Found<'a, T> {
    /// `POST /auth/verify`.
    pub(super) key: String,
    /// The path's variable parts.
    pub(super) parameters: BTreeMap<String, String>,
    /// Whether the call must be signed.
    pub(super) signed: bool,
    /// Where it leads.
    pub(super) target: &'a T,
}

impl<T> Routes<T> {
    pub(crate) const fn new() -> Self {
        Self(vec![])
    }

    /// Adds a route.
    ///
    /// # Errors
    /// It has a greedy part.
    pub(crate) fn add(&mut self, route: &Route, target: T) -> Result<(), StartError> {
        let Route {
            method,
            path,
            signed,
        } = route;
        if path.contains("+}") || path.contains('$') {
            return Err(StartError(format!(
                "The local gateway does not support the route {method} {path}."
            )));
        }
        self.0.push(Entry {
            method: method.clone(),
            path: path.clone(),
            signed: *signed,
            target,
        });
        Ok(())
    }

    pub(super) fn find(&self, method: &str, path: &str) -> Option<Found<'_, T>> {
        let fitting = self
            .0
            .iter()
            .filter(|entry| method != "HEAD" && [method, "ANY"].contains(&entry.method.as_str()));
        let fitting = fitting.filter_map(|entry| Some((entry, fit(&entry.path, path)?)));
        let (entry, parameters) =
            fitting.min_by_key(|(entry, parameters)| (parameters.len(), entry.method == "ANY"))?;
        Some(Found {
            key: format!("{} {}", entry.method, entry.path),
            parameters,
            signed: entry.signed,
            target: &entry.target,
        })
    }
}

fn fit(route: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let (mut route, mut path) = (route.split('/'), path.split('/'));
    let mut parameters = BTreeMap::new();
    loop {
        match (route.next(), path.next()) {
            (None, None) => return Some(parameters),
            (Some(part), Some(given)) => match part
                .strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'))
            {
                Some(name) if !given.is_empty() => {
                    drop(parameters.insert(name.to_owned(), given.to_owned()))
                }
                None if part == given => {}
                _ => return None,
            },
            _ => return None,
        }
    }
}

/// A path as an HTTP API sees it: percent-decoded before it is matched, and cut off where that has
/// made a question mark. `None` when it is not UTF-8.
pub(super) fn decode(path: &str) -> Option<String> {
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    decoded.split('?').next().map(str::to_owned)
}
