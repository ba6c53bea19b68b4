//! Rotating adds a key with a random secret, which nothing prints.

use super::FIELD;
use crate::error::Error;
use crate::secret::Secret;
use crate::stack::Stack;
use aws_config::SdkConfig;
use serde_json::{Value, json};
use shared::domain::ids::encode;
use shared::domain::language::Language;
use shared::domain::time::{MINUTE, Timestamp};
use shared::keys::KeyRing;
use shared::random::Random;
use std::time::Duration;

/// The largest error of this machine's clock: AWS refuses calls that are signed with a larger one.
const CLOCK_ERROR: Duration = MINUTE.saturating_mul(5);

/// Adds a key to the ring.
///
/// # Errors
/// [`Error::Refused`] while the key of the last rotation does not sign yet.
pub(in crate::keys) async fn rotate(
    aws: &SdkConfig,
    stack: &Stack,
    now: Timestamp,
) -> Result<KeyRing, Error> {
    let secret = Secret::read(aws, stack).await?;
    check(&secret.ring()?, now)?;
    let added_at = now.plus(CLOCK_ERROR).secs();
    let key = json!({
        // Seconds never come again, so that no id is used twice, not even after a key was removed
        // or the ring was reverted.
        "kid": format!("{added_at:x}"),
        "secret": encode(&Random::system().bytes::<32>()),
        "added_at": added_at,
    });
    let mut keys = secret.field(FIELD);
    if let Value::Array(keys) = &mut keys {
        keys.push(key);
    }
    secret.replace_field(FIELD, keys).await
}

/// Refuses a rotation while the last one is under way.
fn check(ring: &KeyRing, now: Timestamp) -> Result<(), Error> {
    match ring.all().iter().find(|key| key.usable_from > now) {
        None => Ok(()),
        Some(key) => Err(Error::Refused(format!(
            "A rotation is under way: the key {} signs from {}. Nothing was changed.",
            key.kid,
            Language::English.moment(key.usable_from)
        ))),
    }
}
