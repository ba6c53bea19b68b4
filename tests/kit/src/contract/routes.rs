//! The routes of the contract, matched as API Gateway matches them.

use super::escape;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// One operation of the document.
pub(super) struct Route {
    /// The method and the path with its variables, such as `DELETE /auth/sessions/{id}`.
    pub(super) name: String,
    /// The place in the document.
    pub(super) place: String,
    pub(super) operation: &'static Value,
}

/// Returns the operation that a request belongs to. A path without variables wins.
pub(super) fn find_route(document: &'static Value, method: &str, path: &str) -> Option<Route> {
    let path = path.split(['?', '#']).next()?;
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let path = path.split('?').next()?;
    let method = method.to_ascii_lowercase();
    let paths = document["paths"].as_object()?;
    let (template, operation) = paths
        .iter()
        .filter(|(template, _)| matches(template, path))
        .filter_map(|(template, item)| Some((template, item.get(&method)?)))
        .min_by_key(|(template, _)| template.matches('{').count())?;
    Some(Route {
        name: format!("{} {template}", method.to_ascii_uppercase()),
        place: format!("/paths/{}/{method}", escape(template)),
        operation,
    })
}

fn matches(template: &str, path: &str) -> bool {
    let (expected, parts) = (template.split('/'), path.split('/'));
    let is_equal = |(expected, part): (&str, &str)| {
        expected == part || expected.starts_with('{') && !part.is_empty()
    };
    expected.clone().count() == parts.clone().count() && expected.zip(parts).all(is_equal)
}
