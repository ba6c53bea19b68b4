//! The keys of access tokens, which KMS holds and the key ring lists.

mod retire;
mod rotate;
#[cfg(test)]
mod tests;

pub(super) use retire::retire;
pub(super) use rotate::rotate;

use crate::error::Error;
use crate::stack::Stack;
use serde_json::{Value, json};
use shared::domain::key_arn::KeyArn;
use shared::keys::AccessTokenKey;

/// The field of the key ring that lists the keys.
const FIELD: &str = "access_token_keys";

/// Returns the stack's own key.
pub(super) fn own_key(stack: &Stack) -> Result<&KeyArn, Error> {
    stack.access_token_key.as_ref().ok_or_else(|| {
        let name = &stack.name;
        let how = "Deploy it with AccessTokens=on first, or use --ring for the key ring.";
        Error::Failed(format!("The stack {name} has no access tokens. {how}"))
    })
}

/// Returns the form that the key ring holds.
fn stored<'a>(keys: impl Iterator<Item = &'a AccessTokenKey>) -> Value {
    let entry =
        |key: &AccessTokenKey| json!({"arn": key.arn.as_str(), "added_at": key.added_at.secs()});
    keys.map(entry).collect()
}
