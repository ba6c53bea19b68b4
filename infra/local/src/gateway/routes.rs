//! The routes of the API. A request takes the matching route with the fewest variable parts, and
//! one with a greedy part only where no other matches.

use crate::template::Route;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

/// The routes of an API, each with its target.
pub(crate) struct Routes<T>(Vec<Entry<T>>);

struct Entry<T> {
    route: Route,
    target: T,
}

/// The route that matches a request.
pub(super) struct RouteMatch<'a, T> {
    /// The route's key, such as `POST /auth/verify`.
    pub(super) key: String,
    /// The values of the path's variable parts.
    pub(super) parameters: BTreeMap<String, String>,
    /// Set if the request must be signed.
    pub(super) signed: bool,
    pub(super) target: &'a T,
}

impl<T> Routes<T> {
    pub(crate) const fn new() -> Self {
        Self(vec![])
    }

    /// Adds a route and its target.
    pub(crate) fn add(&mut self, route: &Route, target: T) {
        self.0.push(Entry {
            route: route.clone(),
            target,
        });
    }

    pub(super) fn find(&self, method: &str, path: &str) -> Option<RouteMatch<'_, T>> {
        let entries = self.0.iter();
        let (entry, parameters) = entries
            .filter(|entry| [method, "ANY"].contains(&entry.route.method.as_str()))
            .filter_map(|entry| Some((entry, match_path(&entry.route.path, path)?)))
            .min_by_key(|(Entry { route, .. }, parameters)| {
                (route.is_greedy(), parameters.len(), route.method == "ANY")
            })?;
        Some(RouteMatch {
            key: entry.route.key(),
            parameters,
            signed: entry.route.signed,
            target: &entry.target,
        })
    }
}

/// Returns the values of the variable parts, or `None` if the path does not match the route.
fn match_path(route: &str, path: &str) -> Option<BTreeMap<String, String>> {
    if let Some(route) = route.strip_suffix("+}") {
        let (start, name) = route.rsplit_once("/{")?;
        let mut slashes = path.match_indices('/').map(|(at, _)| at);
        let end = slashes.nth(start.matches('/').count())?;
        let mut parameters = match_path(start, path.get(..end)?)?;
        let rest = path.get(end + 1..).filter(|rest| !rest.is_empty())?;
        parameters.insert(name.to_owned(), rest.to_owned());
        return Some(parameters);
    }
    let mut route = route.split('/');
    let mut path = path.split('/');
    let mut parameters = BTreeMap::new();
    loop {
        match (route.next(), path.next()) {
            (None, None) => return Some(parameters),
            (Some(part), Some(given)) => match part
                .strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'))
            {
                Some(name) if !given.is_empty() => {
                    parameters.insert(name.to_owned(), given.to_owned());
                }
                None if part == given => {}
                _ => return None,
            },
            _ => return None,
        }
    }
}

/// Returns a path as an HTTP API matches it: percent-decoded, and cut off at a question mark that
/// was encoded. `None` if it is not UTF-8.
pub(super) fn decode(path: &str) -> Option<String> {
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    decoded.split('?').next().map(str::to_owned)
}
