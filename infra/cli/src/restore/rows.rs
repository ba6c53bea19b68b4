//! A restored row on its way into `users`.

use super::changes::Changes;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::domain::user::{Epoch, Status};
use std::collections::HashMap;

pub(super) type Row = HashMap<String, AttributeValue>;

/// The attributes of a user's password.
const PASSWORD: [&str; 3] = ["password", "password_change_key", "password_change_at"];

/// Returns whether the row is the claim of an address.
pub(super) fn is_claim(row: &Row) -> bool {
    key(row).starts_with("email#")
}

/// Returns the id of the user whom the row belongs to.
pub(super) fn user(row: &Row) -> &str {
    let of_claim = row.get("user_id").and_then(|id| id.as_s().ok());
    let id = key(row).strip_prefix("user#");
    id.or(of_claim.map(String::as_str)).unwrap_or_default()
}

/// Returns the row to write, or `None` for the claim of an erased user.
///
/// The epoch is a new random one, which voids all sessions and links of the user: those that had
/// ended cannot be told from the others, and an epoch that only counts on would be that of an
/// earlier restore.
pub(super) fn rewrite(mut row: Row, changes: &Changes, random: [u8; 4]) -> Option<Row> {
    let user = user(&row).to_owned();
    if let Some(at) = changes.erased.get(&user) {
        if is_claim(&row) {
            return None;
        }
        let at = AttributeValue::N(at.millis().to_string());
        row.retain(|name, _| name == "pk");
        row.insert("erased_at".to_owned(), at);
        return Some(row);
    }
    if is_claim(&row) || row.contains_key("erased_at") {
        return Some(row);
    }
    let epoch = Epoch::initial(random).get().to_string();
    row.insert("epoch".to_owned(), AttributeValue::N(epoch));
    if changes.new_password.contains(&user) {
        row.retain(|name, _| !PASSWORD.contains(&name.as_str()));
    }
    if changes.changed.contains(&user) {
        let suspended = AttributeValue::S(Status::Suspended.as_str().to_owned());
        row.insert("status".to_owned(), suspended);
    }
    Some(row)
}

fn key(row: &Row) -> &str {
    let key = row.get("pk").and_then(|key| key.as_s().ok());
    key.map(String::as_str).unwrap_or_default()
}
