//! `vestibule emails`: what became of the emails to an address.

mod held;
mod sentences;
mod show;
mod view;

use crate::api::{Api, Options, encode};
use crate::error::Error;
use clap::Subcommand;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::domain::paths;

#[derive(Subcommand)]
pub enum Command {
    /// Tells the story of the newest emails to an address, to read out to the person who asks.
    ///
    /// Says first whether the address is suppressed, and then of each email who requested it, when
    /// it was sent, what the recipient's mail server said, and whether its link was used. All times
    /// are in UTC.
    ///
    /// Example: vestibule emails show ada@example.com --stack partner-portal
    Show {
        /// Address that the emails were requested for
        address: String,
        /// Number of emails, at most 100
        #[arg(long, default_value = "5", value_parser = clap::value_parser!(u8).range(1..=100))]
        limit: u8,
        #[command(flatten)]
        options: Options,
    },
    /// Lifts the suppression of an address, so that the next email to it is sent.
    ///
    /// An address is suppressed once an email to it bounced for good or was marked as spam. Lift it
    /// when the person says that the mailbox works. What was not sent meanwhile stays unsent:
    /// `vestibule emails redrive` sends it.
    ///
    /// Example: vestibule emails lift ada@example.com --stack partner-portal
    Lift {
        /// Address that is suppressed
        address: String,
        #[command(flatten)]
        options: Options,
    },
    /// Lists the emails of all addresses that can be sent again.
    ///
    /// These failed, were suppressed, or were over a budget, and their links have not expired.
    /// Invitations that wait for the next day are listed too.
    ///
    /// Example: vestibule emails held --stack partner-portal
    Held {
        #[command(flatten)]
        options: Options,
    },
    /// Sends an email again that was held back, or one that waits at once.
    ///
    /// It is sent within a minute, with the same link if it had one, and no budget limits it.
    /// Refuses an email whose link has expired: the user has to request a new one.
    ///
    /// Example: vestibule emails redrive ada@example.com 01a1fe682300-b30c531e93ed997d --stack
    /// partner-portal
    Redrive {
        /// Address that the email was requested for
        address: String,
        /// ID of the email, as `held` and `show` print it
        id: String,
        #[command(flatten)]
        options: Options,
    },
}

impl Command {
    const fn options(&self) -> &Options {
        match self {
            Self::Show { options, .. }
            | Self::Lift { options, .. }
            | Self::Held { options }
            | Self::Redrive { options, .. } => options,
        }
    }
}

/// Runs a command and returns its output.
pub(crate) async fn run(command: &Command, clock: &Clock) -> Result<String, Error> {
    let options = command.options();
    let api = Api::connect(options, clock).await?;
    let (response, text) = match command {
        Command::Show { address, limit, .. } => {
            let encoded = encode(address);
            let path = format!("{}?address={encoded}&limit={limit}", paths::ADMIN_EMAILS);
            let page = api.get(&path).await?;
            let text = show::text(address, &view::read(&page)?);
            (page, text)
        }
        Command::Lift { address, .. } => {
            let body = json!({ "email": address });
            let response = api.post(paths::LIFT_SUPPRESSION, &body).await?;
            if response.get("lifted") == Some(&json!(false)) {
                return Err(Error::Refused(format!("{address} is not suppressed.")));
            }
            let text = format!("Emails to {address} will be sent again.");
            (response, text)
        }
        Command::Held { .. } => {
            let emails = held::list(&api).await?;
            let text = held::text(&view::read(&emails)?);
            (emails, text)
        }
        Command::Redrive { address, id, .. } => {
            let body = json!({ "email": address, "id": id });
            let response = api.post(paths::REDRIVE_EMAIL, &body).await?;
            let text = format!("The email {id} to {address} will be sent within a minute.");
            (response, text)
        }
    };
    Ok(if options.json {
        pretty(&response)
    } else {
        text
    })
}

fn pretty(response: &Value) -> String {
    serde_json::to_string_pretty(response).unwrap_or_default()
}
