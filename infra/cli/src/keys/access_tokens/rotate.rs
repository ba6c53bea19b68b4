//! Rotating adds a key.

use super::{FIELD, own_key, stored};
use crate::error::Error;
use crate::secret::Secret;
use crate::stack::Stack;
use aws_config::SdkConfig;
use aws_sdk_kms::Client;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, Tag};
use shared::domain::key_arn::KeyArn;
use shared::domain::language::Language;
use shared::domain::time::Timestamp;
use shared::keys::{AccessTokenKey, AccessTokenKeys};

/// The tag by which the role of the function `token` may use a key. Its value is the stack's name.
const TAG: &str = "vestibule-access-tokens";

/// Creates a key and publishes it.
///
/// # Errors
/// [`Error::Refused`] while the key of the last rotation does not sign yet.
pub(in crate::keys) async fn rotate(
    aws: &SdkConfig,
    stack: &Stack,
    now: Timestamp,
) -> Result<AccessTokenKeys, Error> {
    let own = own_key(stack)?;
    let secret = Secret::read(aws, stack).await?;
    let keys = secret.ring()?.access_token_keys(own);
    check(&keys, now)?;
    let kms = Client::new(aws);
    let key = create(&kms, stack).await?;
    let list = stored(keys.all().chain([&key]));
    match secret.replace_field(FIELD, list).await {
        Ok(ring) => Ok(ring.access_token_keys(own)),
        Err(error) => {
            // A response may have been lost: only the key ring tells whether the key is in use.
            let keys = Secret::read(aws, stack)
                .await?
                .ring()?
                .access_token_keys(own);
            if keys.all().any(|listed| listed.arn == key.arn) {
                return Ok(keys);
            }
            discard(&kms, &key).await;
            Err(error)
        }
    }
}

/// Refuses a rotation while the last one is under way.
pub(super) fn check(keys: &AccessTokenKeys, now: Timestamp) -> Result<(), Error> {
    let mut waiting = keys
        .all()
        .filter_map(|key| Some((key, keys.signs_from(key)?)));
    match waiting.find(|(_, signs_from)| *signs_from > now) {
        None => Ok(()),
        Some((key, at)) => Err(Error::Refused(format!(
            "A rotation is under way: the key {} signs from {}. Nothing was changed.",
            key.kid(),
            Language::English.moment(at)
        ))),
    }
}

/// Creates a key. The time is that of KMS, so that the clock of this machine does not matter.
async fn create(kms: &Client, stack: &Stack) -> Result<AccessTokenKey, Error> {
    let tag = Tag::builder().tag_key(TAG).tag_value(&stack.name).build();
    let tag = tag.map_err(|error| Error::Failed(error.to_string()))?;
    let created = kms
        .create_key()
        .key_spec(KeySpec::Rsa2048)
        .key_usage(KeyUsageType::SignVerify)
        .description(format!("Signs the access tokens of {}.", stack.name))
        .tags(tag)
        .send()
        .await
        .map_err(|error| Error::of_call("create a key in KMS", &error))?;
    let metadata = created.key_metadata();
    let arn = metadata.and_then(|key| KeyArn::parse(key.arn()?));
    let added_at = metadata.and_then(|key| u64::try_from(key.creation_date()?.secs()).ok());
    match (arn, added_at) {
        (Some(arn), Some(added_at)) => Ok(AccessTokenKey {
            arn,
            added_at: Timestamp::from_secs(added_at),
        }),
        _ => Err(Error::Failed(
            "KMS did not say which key it created.".to_owned(),
        )),
    }
}

/// Lets KMS delete a key that nobody knows. It costs a little until then if that fails.
async fn discard(kms: &Client, key: &AccessTokenKey) {
    let request = kms.schedule_key_deletion().key_id(key.arn.as_str());
    let _left_behind = request.pending_window_in_days(7).send().await;
}
