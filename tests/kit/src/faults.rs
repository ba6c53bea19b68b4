//! DynamoDB's errors, as it sends them.

use serde_json::json;

/// Returns the body of a DynamoDB error.
pub fn dynamodb_error(kind: &str) -> String {
    let kind = format!("com.amazonaws.dynamodb.v20120810#{kind}");
    json!({"__type": kind, "message": "an injected error"}).to_string()
}

/// Returns the body of the error for a transaction cancelled for this reason.
pub fn cancelled(reason: &str) -> String {
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled",
        "CancellationReasons": [{"Code": reason, "Message": "an injected error"}],
    })
    .to_string()
}
