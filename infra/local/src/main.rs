//! `cargo run -p local`: the whole portal on this machine.

use clap::Parser;
use local::{Options, Portal, logs};
use shared::domain::address::EmailAddress;
use shared::domain::portal::{Origin, PortalName};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Runs a whole Vestibule portal on this machine: sign-in pages, API, tables and mail.
#[derive(Parser)]
#[command(name = "local")]
struct Arguments {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Keeps state and keys in this directory; without it, they go with the process.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The portal's short name.
    #[arg(long, value_name = "NAME", default_value = "partner", value_parser = portal_name)]
    portal: String,
    /// The frontend's origin: where people land once they are signed in, and whose pages may call.
    #[arg(long, value_name = "URL", value_parser = origin)]
    frontend: Option<String>,
    /// Adds one more active user.
    #[arg(long, value_name = "EMAIL", value_parser = guest)]
    user: Option<String>,
    /// Sets one of template.yaml's parameters, such as SelfSignUp=on or Activation=link; may be
    /// given again.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    set: Vec<(String, String)>,
}

fn parameter(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text
        .split_once('=')
        .ok_or("a parameter and its value, like SelfSignUp=on")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn portal_name(text: &str) -> Result<String, &'static str> {
    let wanted = "1 to 32 of a-z, 0-9 and hyphen, starting with a letter";
    PortalName::parse(text)
        .map(|name| name.to_string())
        .ok_or(wanted)
}

fn origin(text: &str) -> Result<String, &'static str> {
    let wanted = "an origin like http://localhost:5173, with nothing after it";
    Origin::parse(text)
        .map(|origin| origin.as_str().to_owned())
        .ok_or(wanted)
}

fn guest(text: &str) -> Result<String, &'static str> {
    let address = EmailAddress::parse(text).ok_or("a mail address")?;
    match address.as_str() {
        "ada@example.com" | "grace@example.com" => {
            Err("somebody else than Ada and Grace, who are there already")
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
    let Arguments {
        port,
        data,
        portal,
        frontend,
        user,
        set,
    } = Arguments::parse();
    let guest = user.clone();
    let parameters = set.into_iter().collect();
    let options = Options {
        port: Some(port),
        data,
        portal: Some(portal),
        frontend,
        user,
        parameters,
        announce: true,
        ..Options::default()
    };
    let portal = match Portal::start(options).await {
        Ok(portal) => portal,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let url = portal.public_url();
    println!("Vestibule is running. Ctrl-C stops it.");
    println!();
    println!("  Sign in      {url}/auth/sign-in");
    println!("  Read mail    {url}/_local/   (as JSON: {url}/_local/inbox)");
    println!();
    println!(
        "  ada@example.com      active, without a password: gets a sign-in link; \"Forgot your password?\" sets one"
    );
    println!("  grace@example.com    invited: asking gets her the mail to set her first password");
    if let Some(guest) = guest {
        println!("  {guest:<20} active, like Ada");
    }
    println!("  anybody else         gets none, and cannot tell");
    println!();
    println!(
        "One mail a minute for each address. Links, and mails that were not sent, are printed here."
    );
    println!();
    if let Err(error) = tokio::signal::ctrl_c().await {
        eprintln!("Ctrl-C cannot be heard: {error}.");
        return ExitCode::FAILURE;
    }
    // A request that does not end must not keep the portal.
    let _in_time = tokio::time::timeout(Duration::from_secs(1), portal.shutdown()).await;
    ExitCode::SUCCESS
}
