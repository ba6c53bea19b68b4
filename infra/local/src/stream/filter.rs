//! Lambda's filter patterns, as far as objects and lists of exact strings go.

use serde_json::Value;

/// Returns whether a pattern uses nothing but objects and lists of strings.
pub(super) fn is_supported(pattern: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields.values().all(is_supported),
        Value::Array(values) => values.iter().all(Value::is_string),
        _ => false,
    }
}

/// Returns whether a value has all fields of the pattern, each with one of the values it lists.
pub(super) fn matches(pattern: &Value, value: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields
            .iter()
            .all(|(name, pattern)| value.get(name).is_some_and(|value| matches(pattern, value))),
        Value::Array(values) => values.contains(value),
        _ => false,
    }
}
