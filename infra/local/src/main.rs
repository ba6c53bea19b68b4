//! `cargo run -p local`: a whole portal on this machine.

use clap::Parser;
use local::{COMMANDS, Command, Options, Portal, logs};
use shared::domain::address::EmailAddress;
use shared::domain::origin::Origin;
use shared::domain::portal::PortalName;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Runs a complete Vestibule portal on this machine: sign-in pages, API, tables and email.
///
/// Nothing leaves the machine. Emails appear at /_local/, which also lists users, parameters and
/// commands to try.
#[derive(Parser)]
#[command(name = "local", after_help = examples())]
struct Arguments {
    /// Port to listen on, at 127.0.0.1.
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Port at which functions that you start yourself reach this portal's AWS: DynamoDB, SES and
    /// the keys. 0 chooses a free one. /environment/me there lists the variables of the function
    /// me, one per line.
    #[arg(long, value_name = "PORT")]
    aws_port: Option<u16>,
    /// Host name of the portal: localhost, or a name below it such as login.example.localhost.
    /// Browsers resolve all of these to this machine. With names, cookies behave as they do when
    /// deployed.
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    host: String,
    /// Directory that keeps users, sessions and keys for the next start, such as .portal. Without
    /// it, they are lost on exit.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Short name of the portal, which its cookies carry. The display name is the same,
    /// capitalized.
    #[arg(long, value_name = "NAME", default_value = "partner", value_parser = portal_name)]
    portal: String,
    /// Origin of your frontend, such as http://localhost:5173. Users are sent there after signing
    /// in, and its pages may call the API.
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    frontend: Option<String>,
    /// Email address of one more active user, such as you@example.com.
    #[arg(long, value_name = "EMAIL", value_parser = guest)]
    user: Option<String>,
    /// Value for a parameter of template.yaml, such as SelfSignUp=on. Repeat it for several. The
    /// page at /_local/ lists all parameters.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    set: Vec<(String, String)>,
}

/// Returns the examples at the end of `--help`.
fn examples() -> String {
    let examples = COMMANDS.iter().map(|command| {
        let Command { purpose, line } = command;
        format!("\n  {purpose}:\n    {line}\n")
    });
    format!("Examples:{}", examples.collect::<String>())
}

fn parameter(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text
        .split_once('=')
        .ok_or("must be a parameter and its value, like SelfSignUp=on")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn portal_name(text: &str) -> Result<String, &'static str> {
    PortalName::parse(text)
        .map(|name| name.to_string())
        .ok_or("must be 1 to 32 lowercase letters, digits and hyphens, starting with a letter")
}

fn origin(text: &str) -> Result<String, &'static str> {
    Origin::parse(text)
        .map(|origin| origin.as_str().to_owned())
        .ok_or("must be an origin like http://localhost:5173, without a path")
}

fn guest(text: &str) -> Result<String, &'static str> {
    let address = EmailAddress::parse(text).ok_or("must be an email address")?;
    match address.as_str() {
        "ada@example.com" | "grace@example.com" => {
            Err("must be someone other than Ada and Grace, who already exist")
        }
        other => Ok(other.to_owned()),
    }
}

#[tokio::main]
#[expect(
    clippy::disallowed_macros,
    reason = "this is for the person at the terminal, not a log"
)]
async fn main() -> ExitCode {
    logs::to_terminal();
    let arguments = Arguments::parse();
    let portal = match Portal::start(arguments.into()).await {
        Ok(portal) => portal,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    println!("{}", portal.greeting());
    if let Err(error) = tokio::signal::ctrl_c().await {
        eprintln!("Could not listen for Ctrl-C: {error}.");
        return ExitCode::FAILURE;
    }
    // A request without end must not keep the portal from stopping.
    let _in_time = tokio::time::timeout(Duration::from_secs(1), portal.shutdown()).await;
    ExitCode::SUCCESS
}

impl From<Arguments> for Options {
    fn from(arguments: Arguments) -> Self {
        Self {
            port: Some(arguments.port),
            aws_port: arguments.aws_port,
            data: arguments.data,
            portal: Some(arguments.portal),
            frontend: arguments.frontend,
            host: Some(arguments.host),
            user: arguments.user,
            parameters: arguments.set.into_iter().collect(),
            publishes_deliveries: true,
            announce: true,
            ..Self::default()
        }
    }
}
