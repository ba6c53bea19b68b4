//! The notifications of a topic, as they invoke a function.

use serde_json::Value;

/// Returns the message of each notification.
pub(crate) fn documents(event: &Value) -> Vec<&str> {
    let records = event.get("Records").and_then(Value::as_array);
    records.into_iter().flatten().filter_map(message).collect()
}

fn message(record: &Value) -> Option<&str> {
    record.pointer("/Sns/Message")?.as_str()
}

/// Returns whether a message is the one by which SES checks a new topic. It is not JSON.
pub(crate) fn is_greeting(message: &str) -> bool {
    message.starts_with("Successfully validated SNS topic for Amazon SES")
}
