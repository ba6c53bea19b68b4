//! Descriptions of what is wrong with a request body or a query, in words of its schema.

use crate::domain::language::sentences::{ApiSentences, fill};
use crate::http::problem::Problem;
use serde::de::IgnoredAny;
use serde_path_to_error::{Path, Segment};

pub(super) fn invalid_json(error: &serde_json::Error) -> Problem {
    let place = [("line", error.line()), ("column", error.column())];
    let place = place.map(|(name, value)| (name, value.to_string()));
    Problem::invalid_request(move |t| fill_in(t.not_json, &place))
}

/// Describes an error in words of the body's schema. serde's message may repeat what was sent; only
/// the parts of it that come from the schema are used.
pub(super) fn invalid_body(text: &str, path: &Path, error: &serde_json::Error) -> Problem {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        return invalid_json(&error);
    }
    let located = error.to_string();
    let message = located
        .rsplit_once(" at line ")
        .map_or(located.as_str(), |(message, _location)| message);
    // The expectation of the schema is last.
    let expected = message.rsplit_once(", expected ").map(|(_, last)| last);
    let starts = |start| message.starts_with(start);
    if starts("unknown field") {
        let known = quoted(expected.unwrap_or_default()).join("`, `");
        return unknown_field(known).with_field(unknown_name(message));
    }
    if starts("missing field") || starts("duplicate field") {
        let is_missing = starts("missing field");
        let field = field_path(path, quoted(message).first().copied());
        let values = [("field", field.clone())];
        return Problem::invalid_field(field, move |t: &ApiSentences| {
            let sentence = if is_missing {
                t.missing_field
            } else {
                t.duplicate_field
            };
            fill_in(sentence, &values)
        });
    }
    let field = field_path(path, None);
    let expected = Expected::new(expected.unwrap_or("a string"));
    Problem::invalid_field(field.clone(), move |t: &ApiSentences| {
        let expected = expected.in_words(t);
        fill(t.wrong_type, &[("field", &field), ("expected", &expected)])
    })
}

/// The type that the schema has for a field.
enum Expected {
    Array,
    Object,
    Text,
    /// One of these values.
    OneOf(Vec<String>),
}

impl Expected {
    /// Reads serde's description of a type.
    fn new(text: &str) -> Self {
        match text {
            "a sequence" => Self::Array,
            "a map" => Self::Object,
            _ if text.starts_with("struct ") => Self::Object,
            _ if text.contains('`') => {
                let values = quoted(text).into_iter();
                Self::OneOf(values.map(|value| format!("`{value}`")).collect())
            }
            _ => Self::Text,
        }
    }

    fn in_words(&self, t: &ApiSentences) -> String {
        match self {
            Self::Array => t.an_array.to_owned(),
            Self::Object => t.an_object.to_owned(),
            Self::Text => t.a_string.to_owned(),
            Self::OneOf(values) => match values.as_slice() {
                [one, other] => fill(t.or, &[("one", one), ("other", other)]),
                _ => fill(t.one_of, &[("values", &values.join(", "))]),
            },
        }
    }
}

/// Returns the parts of `text` in backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn unknown_field(known: String) -> Problem {
    if known.is_empty() {
        return Problem::invalid_request(|t| t.no_fields);
    }
    Problem::invalid_request(move |t| fill(t.unknown_field, &[("known", &known)]))
}

/// Returns the name of the unknown field in serde's `message`, if it is a plain one.
fn unknown_name(message: &str) -> Option<String> {
    let rest = message.strip_prefix("unknown field `")?;
    // The name may hold anything: what the schema says is last.
    let ends = ["`, expected ", "`, there are no fields"];
    let end = ends.iter().filter_map(|end| rest.rfind(end)).max()?;
    plain(rest.get(..end)?)
}

/// Returns `name` if it can be repeated to whoever sent it: 1 to 64 characters of a plain name.
pub(super) fn plain(name: &str) -> Option<String> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    let is_good = (1..=64).contains(&name.len()) && name.bytes().all(is_plain);
    is_good.then(|| name.to_owned())
}

pub(super) fn fill_in(sentence: &str, values: &[(&str, String)]) -> String {
    let values: Vec<_> = values
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    fill(sentence, &values)
}

/// Returns the path to a field (`users[0].email`). All of its parts are from the schema: an unknown
/// field has no value that could be invalid.
fn field_path(path: &Path, field: Option<&str>) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Map { key } => {
                let dot = if text.is_empty() { "" } else { "." };
                text = format!("{text}{dot}{key}");
            }
            Segment::Seq { index } => text = format!("{text}[{index}]"),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    match field {
        Some(field) if text.is_empty() => field.to_owned(),
        Some(field) => format!("{text}.{field}"),
        None => text,
    }
}
