//! Retiring removes the keys that nothing needs any more.

use super::{FIELD, own_key, stored};
use crate::error::Error;
use crate::secret::Secret;
use crate::stack::Stack;
use aws_config::SdkConfig;
use aws_sdk_kms::Client;
use shared::domain::language::Language;
use shared::domain::time::Timestamp;
use shared::keys::{AccessTokenKey, AccessTokenKeys};

/// Removes every key that may be retired, and lets KMS delete those that a rotation created.
///
/// # Errors
/// [`Error::Refused`] if there is none.
pub(in crate::keys) async fn retire(
    aws: &SdkConfig,
    stack: &Stack,
    now: Timestamp,
) -> Result<AccessTokenKeys, Error> {
    let own = own_key(stack)?;
    let secret = Secret::read(aws, stack).await?;
    let keys = secret.ring()?.access_token_keys(own);
    let retired = check(&keys, now)?;
    let kept = keys.all().filter(|key| !retired.contains(key));
    let ring = secret.replace_field(FIELD, stored(kept)).await?;
    let kms = Client::new(aws);
    // Not the stack's own key: an update of the stack may change it, and would fail.
    for key in retired.iter().filter(|key| key.arn != *own) {
        let what = format!(
            "let KMS delete the key {}, which is not used any more",
            key.arn.as_str()
        );
        let request = kms.schedule_key_deletion().key_id(key.arn.as_str());
        let scheduled = request.pending_window_in_days(30).send().await;
        scheduled.map_err(|error| Error::of_call(&what, &error))?;
    }
    Ok(ring.access_token_keys(own))
}

/// Returns the keys to retire.
pub(super) fn check(keys: &AccessTokenKeys, now: Timestamp) -> Result<Vec<&AccessTokenKey>, Error> {
    let superseded: Vec<_> = keys
        .all()
        .filter_map(|key| Some((key, keys.retires_from(key)?)))
        .collect();
    let due = superseded.iter().filter(|(_, from)| *from <= now);
    let due: Vec<_> = due.map(|(key, _)| *key).collect();
    if !due.is_empty() {
        return Ok(due);
    }
    let next = superseded.iter().min_by_key(|(_, from)| *from);
    Err(Error::Refused(match next {
        None => "There is only one key, and it signs. Nothing was changed.".to_owned(),
        Some((key, from)) => format!(
            "It is too early: verifiers may need the key {} until {}. Nothing was changed.",
            key.kid(),
            Language::English.moment(*from)
        ),
    }))
}
