//! `vestibule restore`: the users as they were, without anything that has ended since.
//!
//! Nobody reads the rows that DynamoDB restores. They are in a table of their own, and each one is
//! changed on its way into `users`, so that there is no moment at which an ended session or an old
//! password works. Every step leaves its mark in AWS: the command can be run again at any time.

mod changes;
mod copy;
mod rows;
mod source;
mod table;
mod view;

use crate::error::Error;
use crate::stack::Stack;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::{Client, config};
use changes::Changes;
use clap::Args;
use shared::domain::time::{DAY, Timestamp};
use shared::random::Random;
use source::Source;
use view::Report;

/// The number of attempts of a call, with waits of up to 20 s between them.
const ATTEMPTS: u32 = 15;

/// The options of the command.
#[derive(Args)]
pub struct RestoreOptions {
    #[command(flatten)]
    common: crate::Options,
    /// Time to return to, such as 2026-11-21T14:00:00Z; without it, the deletion of the table
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<Timestamp>,
    /// Table that holds the users as they were at that time, if you have restored it yourself
    #[arg(long, value_name = "TABLE", requires = "at")]
    from: Option<String>,
    /// Does it. Without it, the command only shows the plan
    #[arg(long)]
    yes: bool,
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    let time = Timestamp::parse_rfc3339(text);
    time.map(|time| Timestamp::from_secs(time.secs()))
        .ok_or_else(|| "is not a time like 2026-11-21T14:00:00Z".to_owned())
}

impl RestoreOptions {
    pub(crate) fn stack(&self) -> &str {
        &self.common.stack
    }
}

/// The client, stack and table name that all steps need.
struct Context<'a> {
    client: Client,
    stack: &'a Stack,
    /// Name of the table that the functions use.
    users: String,
}

/// Runs the command and returns its output.
///
/// # Errors
/// [`Error::Refused`] while DynamoDB is restoring, [`Error::Failed`] if something does not work.
/// Run the command again then.
pub async fn run(
    options: &RestoreOptions,
    aws: &SdkConfig,
    stack: &Stack,
    now: Timestamp,
) -> Result<String, Error> {
    let context = Context {
        client: client(aws),
        stack,
        users: format!("{}-users", stack.name),
    };
    let source = Source::find(&context, options).await?;
    check_audit(stack, source.at, now)?;
    if !options.yes {
        return Ok(view::plan(&context.users, &source));
    }
    source.restore(&context).await?;
    table::prepare(&context, &source).await?;
    // From here on nobody changes a user whom this command has not restored yet.
    let changes = Changes::since(&context, source.at).await?;
    let restored = copy::copy(&context, &source, &changes, &Random::system()).await?;
    table::finish(&context, &source).await?;
    let report = Report::new(&restored, &changes);
    Ok(if options.common.json {
        report.json()
    } else {
        report.text(&context.users)
    })
}

/// Returns a client that waits when `TableMaximumUnits` are used up.
fn client(aws: &SdkConfig) -> Client {
    let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
    let config = config::Builder::from(aws).retry_config(retries);
    Client::from_conf(config.build())
}

/// Refuses a time from which the audit may lack records by now.
fn check_audit(stack: &Stack, at: Timestamp, now: Timestamp) -> Result<(), Error> {
    let days = stack.parameters.get("AuditDays");
    let days: u32 = days.and_then(|days| days.parse().ok()).unwrap_or_default();
    if at.plus(DAY.saturating_mul(days)) > now && at <= now {
        return Ok(());
    }
    Err(Error::Failed(format!(
        "The time must be one of the last {days} days (AuditDays): the audit tells what has ended \
         since."
    )))
}

impl Context<'_> {
    /// Describes a table, or returns `None` if there is none.
    async fn describe(
        &self,
        table: &str,
    ) -> Result<Option<aws_sdk_dynamodb::types::TableDescription>, Error> {
        match self.client.describe_table().table_name(table).send().await {
            Ok(found) => Ok(found.table().cloned()),
            Err(error) => {
                let missing = error.as_service_error();
                if missing.is_some_and(|error| error.is_resource_not_found_exception()) {
                    return Ok(None);
                }
                Err(Error::of_call(&format!("read the table {table}"), &error))
            }
        }
    }
}
