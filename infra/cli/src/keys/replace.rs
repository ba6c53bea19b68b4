//! `vestibule keys replace` replaces a key ring that has leaked.

use crate::error::Error;
use crate::secret::Secret;
use crate::stack::Stack;
use aws_config::SdkConfig;
use serde_json::{Value, json};
use shared::domain::ids::encode;
use shared::keys::KeyRing;
use shared::random::Random;

/// Writes a ring with a new root and no other key. `confirmed` says that everybody may be signed
/// out.
///
/// # Errors
/// [`Error::Refused`] if not.
pub(super) async fn replace(
    aws: &SdkConfig,
    stack: &Stack,
    confirmed: bool,
) -> Result<KeyRing, Error> {
    if !confirmed {
        return Err(Error::Refused(
            "This signs everybody out and voids all links. Run it again with --yes to do it."
                .to_owned(),
        ));
    }
    let secret = Secret::read(aws, stack).await?;
    let access_token_keys = match secret.field("access_token_keys") {
        Value::Null => json!([]),
        keys => keys,
    };
    let root = encode(&Random::system().bytes::<48>());
    let ring = json!({"root": root, "keys": [], "access_token_keys": access_token_keys});
    secret.replace(&ring).await
}
