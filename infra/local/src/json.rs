//! Access to parts of a JSON value.

use serde_json::Value;

/// Returns the value at this JSON pointer (RFC 6901), or null if there is none.
pub(crate) fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}
