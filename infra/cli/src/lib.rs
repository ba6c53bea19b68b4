//! `vestibule`, the command that operators run against a deployed stack.
//!
//! | module | contents |
//! |---|---|
//! | [`api`] | a client of the admin API, with signed calls |
//! | `aws` | clients with the operator's own credentials |
//! | [`doctor`] | `vestibule doctor`: what is wrong with a stack |
//! | [`emails`] | `vestibule emails`: what became of emails |
//! | [`error`] | failures, and the exit code of each kind |
//! | `findings` | what `doctor` and `smoke` found, as text and JSON |
//! | `https` | the HTTP client behind [`api`] |
//! | [`restore`] | `vestibule restore`: the users from a backup |
//! | `problem` | problem documents as sentences |
//! | `services` | calls of AWS that only read |
//! | `signer` | signatures with the operator's own credentials |
//! | [`smoke`] | `vestibule smoke`: the API, asked without an account |
//! | [`stack`] | a stack, found by its name |
//! | `secret` | the key ring in Secrets Manager, read and replaced |
//! | [`keys`] | `vestibule keys`: the key ring and the keys of access tokens |
//! | [`templates`] | `vestibule templates`: the texts of emails |
//! | [`users`] | `vestibule users`: shows, invites, imports and changes users |

pub mod api;
mod aws;
pub mod doctor;
pub mod emails;
pub mod error;
mod findings;
mod https;
pub mod keys;
mod problem;
pub mod restore;
mod secret;
mod services;
mod signer;
pub mod smoke;
pub mod stack;
pub mod templates;
pub mod users;

use clap::{Args, Parser, Subcommand};
use error::Error;
use shared::clock::Clock;
use stack::Stack;

/// Operates a deployed Vestibule stack.
///
/// Credentials and region are found as by the AWS CLI: environment variables, profiles
/// (AWS_PROFILE), single sign-on, and roles of containers and instances. AWS_ENDPOINT_URL names an
/// emulator.
///
/// Exit codes: 0 done, 1 failed or found something, 2 wrong usage, 3 refused because it is too
/// early or there is nothing to do.
#[derive(Parser)]
#[command(name = "vestibule", version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows, rotates and retires the keys of the key ring (--ring) and of access tokens.
    ///
    /// A rotation has three steps. `rotate` adds a key. It signs later, when everybody knows it: a
    /// quarter of an hour in the key ring, two and a quarter hours for access tokens. Once nothing
    /// is left that the old key has signed, `retire` removes it. Sessions, links and access tokens
    /// are accepted all the time. `revert` returns to the key ring as it was before a change.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Restores the users to a point in time, and ends everything that has ended since.
    ///
    /// For a users table that was deleted or damaged. Shows the plan; does it with --yes. Can be
    /// run again at any time, and must be, until DynamoDB has restored the table (exit code 3).
    /// docs/recovery.md describes what becomes of the users, and the permissions.
    Restore(restore::RestoreOptions),
    /// Shows what became of emails, lifts suppressions, and sends emails again.
    ///
    /// Calls the portal's admin API: needs the permissions cloudformation:DescribeStacks and those
    /// of the stack's AdminPolicy. With --api it calls a portal on this machine.
    #[command(subcommand)]
    Emails(emails::Command),
    /// Shows, checks, previews, saves and reverts the texts of emails.
    ///
    /// Works on a folder with subject.txt, text.txt and body.html. Calls the portal's admin API:
    /// needs the permissions cloudformation:DescribeStacks and those of the stack's AdminPolicy.
    /// With --api it calls a portal on this machine.
    #[command(subcommand)]
    Templates(templates::Command),
    /// Lists, shows, invites, imports, suspends and erases users.
    ///
    /// A user is named by their address or their id. Calls the portal's admin API: needs the
    /// permissions cloudformation:DescribeStacks and those of the stack's AdminPolicy. With --api
    /// it calls a portal on this machine. The audit records who called.
    #[command(subcommand)]
    Users(users::Command),
    /// Asks the API for all that can be asked without an account, and says what is wrong.
    ///
    /// Run it after each deployment. It opens pages, sends requests that must be refused, and
    /// requests one email for an address that nobody has, so that no email is sent. With --stack it
    /// needs the permission cloudformation:DescribeStacks, and no other. Exits with 1 if anything
    /// is wrong.
    Smoke(api::Options),
    /// Examines a stack and its account, and says what is wrong and how to fix it.
    ///
    /// Reads the settings of SES, of the tables, the functions, the API, the alarms and the key
    /// ring, and compares them with the stack's template. It changes nothing. Exits with 1 if
    /// anything is wrong. docs/operating.md lists what it checks and the permissions that it needs.
    Doctor(Options),
}

/// Options that every command takes.
#[derive(Args)]
pub struct Options {
    /// Name of the CloudFormation stack
    #[arg(long, value_name = "NAME")]
    stack: String,
    /// Prints JSON rather than text
    #[arg(long)]
    json: bool,
}

/// Runs a command and returns its output. Calls are signed with the time of `clock`.
///
/// # Errors
/// An [`Error`] with a sentence for the operator.
pub async fn run(arguments: Arguments, clock: &Clock) -> Result<String, Error> {
    match arguments.command {
        Command::Keys(command) => {
            let aws = aws::config().await?;
            let stack = Stack::find(&aws, &command.options().stack).await?;
            keys::run(&command, &aws, &stack, clock.now()).await
        }
        Command::Restore(options) => {
            let aws = aws::config().await?;
            let stack = Stack::find(&aws, options.stack()).await?;
            restore::run(&options, &aws, &stack, clock.now()).await
        }
        Command::Emails(command) => emails::run(&command, clock).await,
        Command::Templates(command) => templates::run(&command, clock).await,
        Command::Users(command) => users::run(&command, clock).await,
        Command::Smoke(options) => smoke::run(&options).await,
        Command::Doctor(options) => doctor::run(&options, clock).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_options_fit_together() {
        Arguments::command().debug_assert();
    }
}
