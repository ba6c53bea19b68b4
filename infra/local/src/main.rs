//! `cargo run -p local`: a whole portal on this machine.

use clap::Parser;
use local::{Options, Portal, logs};
use shared::domain::address::EmailAddress;
use shared::domain::origin::Origin;
use shared::domain::portal::PortalName;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Runs a complete Vestibule portal on this machine: sign-in pages, API, tables and email.
#[derive(Parser)]
#[command(name = "local")]
struct Arguments {
    /// Listens on this port of 127.0.0.1.
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Host name that the portal is reached at, `localhost` or one of its subdomains such as
    /// login.example.localhost. Browsers know that these are this machine.
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    host: String,
    /// Directory for state and keys. Without it, everything is lost on exit.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The portal's short name.
    #[arg(long, value_name = "NAME", default_value = "partner", value_parser = portal_name)]
    portal: String,
    /// The frontend's origin. Users land there after signing in, and its pages may call the API.
    #[arg(long, value_name = "URL", value_parser = origin)]
    frontend: Option<String>,
    /// Adds another active user.
    #[arg(long, value_name = "EMAIL", value_parser = guest)]
    user: Option<String>,
    /// Sets a parameter of template.yaml, such as SelfSignUp=on or Activation=link. May be
    /// repeated.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    set: Vec<(String, String)>,
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
    let guest = arguments.user.clone();
    let portal = match Portal::start(arguments.into()).await {
        Ok(portal) => portal,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    greet(portal.public_url(), guest.as_deref());
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
            data: arguments.data,
            portal: Some(arguments.portal),
            frontend: arguments.frontend,
            host: Some(arguments.host),
            user: arguments.user,
            parameters: arguments.set.into_iter().collect(),
            announce: true,
            ..Self::default()
        }
    }
}

#[expect(
    clippy::disallowed_macros,
    reason = "this is for the person at the terminal, not a log"
)]
fn greet(url: &str, guest: Option<&str>) {
    println!("Vestibule is running. Press Ctrl-C to stop it.");
    println!();
    println!("  Sign in      {url}/auth/sign-in");
    println!("  Read email   {url}/_local/   (as JSON: {url}/_local/inbox)");
    println!();
    println!(
        "  ada@example.com      active, no password yet: use a sign-in link, \
         or set one with \"Forgot your password?\""
    );
    println!("  grace@example.com    invited: requesting a link sends the set-password email");
    if let Some(guest) = guest {
        println!("  {guest:<20} active, no password yet");
    }
    println!("  any other address    gets no email, and the same response");
    println!();
    println!(
        "Each address can request one email per minute. \
         Links and undelivered emails are printed here."
    );
    println!();
}
