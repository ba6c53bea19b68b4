//! Reading JSON.

use serde_json::Value;

/// What stands at `path` (RFC 6901), or null.
pub(crate) fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    value.pointer(path).unwrap_or(&Value::Null)
}
