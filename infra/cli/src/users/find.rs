//! Users, found by prefix, address or id.

use crate::api::{Api, encode};
use crate::error::Error;
use serde_json::{Value, json};
use shared::domain::address::EmailAddress;
use shared::domain::paths::ADMIN_USERS;

/// The largest page of the API.
const PAGE: usize = 100;

/// Returns `{users, next?}` with at most `limit` users, from as many pages as that takes.
pub(super) async fn list(api: &Api, prefix: &str, limit: usize) -> Result<Value, Error> {
    let prefix = encode(prefix);
    let (mut users, mut next) = (vec![], None::<String>);
    loop {
        let size = limit.saturating_sub(users.len()).clamp(1, PAGE);
        let mut path = format!("{ADMIN_USERS}?prefix={prefix}&limit={size}");
        if let Some(next) = &next {
            path = format!("{path}&after={}", encode(next));
        }
        let mut page = api.get(&path).await?;
        if let Some(found) = page.get_mut("users").and_then(Value::as_array_mut) {
            users.append(found);
        }
        next = page.get("next").and_then(Value::as_str).map(str::to_owned);
        if next.is_none() || users.len() >= limit {
            break;
        }
    }
    Ok(json!({ "users": users, "next": next }))
}

/// Returns the path of the user with this address or id.
///
/// # Errors
/// [`Error::Failed`] if nobody has the address.
pub(super) async fn path(api: &Api, user: &str) -> Result<String, Error> {
    let Some(address) = EmailAddress::parse(user) else {
        return Ok(format!("{ADMIN_USERS}/{}", encode(user)));
    };
    let page = list(api, address.as_str(), PAGE).await?;
    let users = page.get("users").and_then(Value::as_array);
    let mut users = users.into_iter().flatten();
    let has_address = |user: &&Value| user.get("email") == Some(&json!(address.as_str()));
    let found = users.find(has_address).and_then(|user| user.get("id"));
    let id = found.and_then(Value::as_str).ok_or_else(|| {
        let how = "Look for them with: vestibule users list --prefix";
        Error::Failed(format!("No user has the address {address}. {how}"))
    })?;
    Ok(format!("{ADMIN_USERS}/{id}"))
}
