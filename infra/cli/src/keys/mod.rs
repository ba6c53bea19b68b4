//! `vestibule keys`: the keys of the key ring, and those of access tokens.

mod access_tokens;
mod replace;
mod revert;
mod ring;
mod view;

use crate::Options;
use crate::error::Error;
use crate::secret::Secret;
use crate::stack::Stack;
use aws_config::SdkConfig;
use clap::{Args, Subcommand};
use shared::domain::time::Timestamp;
use view::View;

#[derive(Subcommand)]
pub enum Command {
    /// Shows all keys, which of them sign, and when the others will or may be retired.
    Status(Options),
    /// Adds a key, which takes over once everybody knows it. Refuses while the last one waits.
    ///
    /// A key of the ring signs a quarter of an hour later; one of access tokens is created in KMS,
    /// published at once, and signs two and a quarter hours later. Needs the permissions
    /// cloudformation:DescribeStacks; secretsmanager:GetSecretValue, PutSecretValue and
    /// UpdateSecretVersionStage on the key ring; for access tokens kms:CreateKey and TagResource.
    Rotate(KeyOptions),
    /// Removes the keys that nothing needs any more. Refuses while there is none.
    ///
    /// A key of the ring is needed as long as anything that it may have signed. The first one is
    /// that of the root, and stays. KMS deletes the keys of access tokens after 30 days; until then
    /// `aws kms cancel-key-deletion` brings them back. The key that belongs to the stack stays in
    /// KMS and is not used any more. Needs the permissions of `rotate`, with
    /// kms:ScheduleKeyDeletion for those of KMS.
    Retire(KeyOptions),
    /// Returns to the key ring as it was before it was last replaced.
    ///
    /// Refuses if that would void what a key has signed, or if the functions could not read it.
    /// Running it twice restores what there was. Needs the permissions of `rotate --ring`.
    Revert(Options),
    /// Replaces a key ring that has leaked by a new one, root included. Signs everybody out.
    ///
    /// All links and codes stop working too, and what is stored under keyed hashes of addresses can
    /// no longer be found by address. The keys of access tokens stay. Restart the functions then,
    /// by an update of the stack: until then they use the leaked one for up to five minutes. Needs
    /// the permissions of `rotate --ring`.
    Replace {
        /// Does it. Without it, the command refuses
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        options: Options,
    },
}

/// The options of commands that change one kind of keys.
#[derive(Args)]
pub struct KeyOptions {
    /// Acts on the key ring, whose keys sign links and sessions
    #[arg(long)]
    ring: bool,
    /// Acts on the keys of access tokens (the default)
    #[arg(long, conflicts_with = "ring")]
    access_tokens: bool,
    #[command(flatten)]
    options: Options,
}

impl Command {
    pub(crate) const fn options(&self) -> &Options {
        match self {
            Self::Status(options) | Self::Revert(options) | Self::Replace { options, .. } => {
                options
            }
            Self::Rotate(keys) | Self::Retire(keys) => &keys.options,
        }
    }
}

/// Runs a command and returns its output.
///
/// # Errors
/// [`Error::Refused`] if it is too early, [`Error::Failed`] if a call fails or the key ring is not
/// valid.
pub async fn run(
    command: &Command,
    aws: &SdkConfig,
    stack: &Stack,
    now: Timestamp,
) -> Result<String, Error> {
    let mut view = View::new(&stack.name, now);
    match command {
        Command::Status(_) => {
            let ring = Secret::read(aws, stack).await?.ring()?;
            view.add_ring(&ring, stack.token_lifetime()?);
            if let Some(own) = &stack.access_token_key {
                view.add_access_tokens(&ring.access_token_keys(own));
            }
        }
        Command::Rotate(KeyOptions { ring: true, .. }) => {
            let ring = ring::rotate(aws, stack, now).await?;
            view.add_ring(&ring, stack.token_lifetime()?);
        }
        Command::Retire(KeyOptions { ring: true, .. }) => {
            let ring = ring::retire(aws, stack, now).await?;
            view.add_ring(&ring, stack.token_lifetime()?);
        }
        Command::Revert(_) => {
            let ring = revert::revert(aws, stack, now).await?;
            view.add_ring(&ring, stack.token_lifetime()?);
        }
        Command::Replace { yes, .. } => {
            let ring = replace::replace(aws, stack, *yes).await?;
            view.add_ring(&ring, stack.token_lifetime()?);
        }
        Command::Rotate(_) => {
            view.add_access_tokens(&access_tokens::rotate(aws, stack, now).await?);
        }
        Command::Retire(_) => {
            view.add_access_tokens(&access_tokens::retire(aws, stack, now).await?);
        }
    }
    Ok(if command.options().json {
        view.json()
    } else {
        view.text()
    })
}
