//! `vestibule keys revert` returns to the key ring as it was before it was last replaced.

use crate::error::Error;
use crate::secret::Secret;
use crate::stack::Stack;
use aws_config::SdkConfig;
use shared::domain::time::Timestamp;
use shared::keys::KeyRing;

/// Makes the previous version of the secret the current one.
///
/// # Errors
/// [`Error::Refused`] if that would void what a key has signed, [`Error::Failed`] if there is no
/// previous version or the functions could not read it.
pub(super) async fn revert(
    aws: &SdkConfig,
    stack: &Stack,
    now: Timestamp,
) -> Result<KeyRing, Error> {
    let current = Secret::read(aws, stack).await?;
    let previous = Secret::read_previous(aws, stack).await?;
    let ring = previous.ring()?;
    // A current ring that the functions cannot read has nothing to lose.
    if let Ok(lost) = current.ring() {
        check(&lost, &ring, now)?;
        check_access_tokens(&current, &previous)?;
    }
    current.replace_by(&previous).await?;
    Ok(ring)
}

/// Refuses to lose a key that signs or has signed, or the root.
fn check(current: &KeyRing, previous: &KeyRing, now: Timestamp) -> Result<(), Error> {
    let mut signed = current.all().iter().filter(|key| key.usable_from <= now);
    match signed.find(|key| !previous.has(key)) {
        None => Ok(()),
        Some(key) => Err(Error::Refused(format!(
            "The previous key ring lacks the key {}, and all sessions and links that it has \
             signed would end. Nothing was changed.",
            key.kid
        ))),
    }
}

fn check_access_tokens(current: &Secret, previous: &Secret) -> Result<(), Error> {
    let [current, previous] = [current, previous].map(|secret| secret.field("access_token_keys"));
    if current == previous {
        return Ok(());
    }
    Err(Error::Refused(
        "The previous key ring lists other keys of access tokens, and KMS may be deleting one of \
         them. Nothing was changed."
            .to_owned(),
    ))
}
