//! Retiring removes the keys of the ring that can have signed nothing that still works.

use super::FIELD;
use crate::error::Error;
use crate::secret::Secret;
use crate::stack::Stack;
use aws_config::SdkConfig;
use serde_json::Value;
use shared::domain::language::Language;
use shared::domain::time::Timestamp;
use shared::keys::KeyRing;
use std::time::Duration;

/// Removes every key that may be retired.
///
/// # Errors
/// [`Error::Refused`] if there is none.
pub(in crate::keys) async fn retire(
    aws: &SdkConfig,
    stack: &Stack,
    now: Timestamp,
) -> Result<KeyRing, Error> {
    let secret = Secret::read(aws, stack).await?;
    let retired = check(&secret.ring()?, stack.token_lifetime()?, now)?;
    let mut keys = secret.field(FIELD);
    if let Value::Array(keys) = &mut keys {
        keys.retain(|key| {
            let kid = key.get("kid").and_then(Value::as_str);
            !retired.iter().any(|retired| Some(retired.as_str()) == kid)
        });
    }
    secret.replace_field(FIELD, keys).await
}

/// Returns the ids of the keys to retire.
fn check(ring: &KeyRing, lifetime: Duration, now: Timestamp) -> Result<Vec<String>, Error> {
    let superseded = ring.all().iter().filter_map(|key| {
        let from = ring.retires_from(key, lifetime)?;
        Some((key.kid.clone(), from))
    });
    let (due, waiting): (Vec<_>, Vec<_>) = superseded.partition(|(_, from)| *from <= now);
    if !due.is_empty() {
        return Ok(due.into_iter().map(|(kid, _)| kid).collect());
    }
    Err(Error::Refused(match waiting.first() {
        None => "No key is superseded, apart from that of the root, which always stays. \
                 Nothing was changed."
            .to_owned(),
        Some((kid, from)) => format!(
            "It is too early: what the key {kid} has signed may work until {}. \
             Nothing was changed.",
            Language::English.moment(*from)
        ),
    }))
}
