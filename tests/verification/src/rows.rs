//! Attributes of DynamoDB items.

use serde_json::Value;

/// Returns the text of a string or number attribute, or an empty string.
pub(crate) fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    let value = &row[name];
    let text = value["S"].as_str().or_else(|| value["N"].as_str());
    text.unwrap_or_default()
}

/// Returns the value of a number attribute, if the item has it.
pub(crate) fn number(row: &Value, name: &str) -> Option<u64> {
    text(row, name).parse().ok()
}

/// Returns whether the mailer is done with an email, according to its row.
pub(crate) fn is_finished(email: &Value) -> bool {
    !text(email, "unfinished").starts_with("email")
}
