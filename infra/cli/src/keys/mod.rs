//! `vestibule keys`: the keys of access tokens.

mod retire;
mod rotate;
#[cfg(test)]
mod tests;
mod view;

use crate::Options;
use crate::error::Error;
use crate::secret::Secret;
use crate::stack::Stack;
use aws_config::SdkConfig;
use clap::Subcommand;
use serde_json::{Value, json};
use shared::domain::key_arn::KeyArn;
use shared::domain::time::Timestamp;
use shared::keys::{AccessTokenKey, AccessTokenKeys};
use view::View;

#[derive(Subcommand)]
pub enum Command {
    /// Shows the keys, which of them signs, and when the others will or may be retired.
    Status(Options),
    /// Creates a key in KMS and publishes it. It signs two and a quarter hours later.
    ///
    /// Needs the permissions cloudformation:DescribeStacks; secretsmanager:GetSecretValue,
    /// PutSecretValue and UpdateSecretVersionStage on the key ring; kms:CreateKey and TagResource.
    Rotate(Options),
    /// Removes the keys that nothing needs any more. Refuses while there is none.
    ///
    /// KMS deletes the keys of earlier rotations after 30 days; until then `aws kms
    /// cancel-key-deletion` brings them back. The key that belongs to the stack stays in KMS and is
    /// not used any more. Needs the permissions of `rotate`, with kms:ScheduleKeyDeletion for those
    /// of KMS.
    Retire(Options),
}

impl Command {
    pub(crate) const fn options(&self) -> &Options {
        match self {
            Self::Status(options) | Self::Rotate(options) | Self::Retire(options) => options,
        }
    }
}

/// Runs a command and returns its output.
pub(crate) async fn run(
    command: &Command,
    aws: &SdkConfig,
    stack: &Stack,
    now: Timestamp,
) -> Result<String, Error> {
    let keys = match command {
        Command::Status(_) => status(aws, stack).await?,
        Command::Rotate(_) => rotate::rotate(aws, stack, now).await?,
        Command::Retire(_) => retire::retire(aws, stack, now).await?,
    };
    let view = View::new(&stack.name, &keys, now);
    Ok(if command.options().json {
        view.json()
    } else {
        view.text()
    })
}

/// Returns the keys of a stack.
///
/// # Errors
/// [`Error::Failed`] if they cannot be read.
pub async fn status(aws: &SdkConfig, stack: &Stack) -> Result<AccessTokenKeys, Error> {
    let own = own_key(stack)?;
    let ring = Secret::read(aws, stack).await?.ring()?;
    Ok(ring.access_token_keys(own))
}

/// Returns the stack's own key.
fn own_key(stack: &Stack) -> Result<&KeyArn, Error> {
    stack.access_token_key.as_ref().ok_or_else(|| {
        let name = &stack.name;
        let how = "Deploy it with AccessTokens=on first.";
        Error::Failed(format!("The stack {name} has no access tokens. {how}"))
    })
}

/// Returns the form that the key ring holds.
fn stored<'a>(keys: impl Iterator<Item = &'a AccessTokenKey>) -> Value {
    let entry =
        |key: &AccessTokenKey| json!({"arn": key.arn.as_str(), "added_at": key.added_at.secs()});
    keys.map(entry).collect()
}
