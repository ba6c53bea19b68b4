//! `vestibule templates`: the texts of emails, as a folder of three files.

mod files;
mod tables;

use crate::api::{Api, Options};
use crate::error::Error;
use clap::{Args, Subcommand};
use files::Texts;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::domain::paths::ADMIN_TEMPLATES;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Command {
    /// Lists the texts of all emails, and says which were changed.
    ///
    /// Example: vestibule templates list --stack partner-portal
    List {
        #[command(flatten)]
        options: Options,
    },
    /// Shows the saved texts, or the shipped ones, and their variables, or writes them to files.
    ///
    /// Example: vestibule templates show sign-in en --into texts --stack partner-portal
    Show {
        #[command(flatten)]
        message: Message,
        /// Folder to write subject.txt, text.txt and body.html into; it may exist
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
        #[command(flatten)]
        options: Options,
    },
    /// Checks the files of a folder, and names the file, line and column of every error.
    ///
    /// Example: vestibule templates check sign-in en texts --stack partner-portal
    Check(Folder),
    /// Checks the files of a folder, and writes preview.html and preview.txt beside them.
    ///
    /// They are filled with samples, in the look of the portal.
    Preview(Folder),
    /// Saves the files of a folder: from then on, emails are sent with them.
    ///
    /// They replace earlier ones as a whole. The audit records who saved them.
    Save(Folder),
    /// Returns to the texts that Vestibule ships.
    Revert {
        #[command(flatten)]
        message: Message,
        #[command(flatten)]
        options: Options,
    },
}

/// An email in a language.
#[derive(Args)]
pub struct Message {
    /// Name of the email, as `list` prints it
    message: String,
    /// Language: en or de
    language: String,
}

/// Files of an email in a language.
#[derive(Args)]
pub struct Folder {
    #[command(flatten)]
    message: Message,
    /// Folder with subject.txt, text.txt and body.html
    folder: PathBuf,
    #[command(flatten)]
    options: Options,
}

impl Message {
    fn path(&self) -> Result<String, Error> {
        let is_name = |name: &str| {
            let is_plain = |c: char| c.is_ascii_lowercase() || c == '-';
            !name.is_empty() && name.chars().all(is_plain)
        };
        if !is_name(&self.message) || !is_name(&self.language) {
            let known = "`vestibule templates list` prints the names of emails and languages.";
            return Err(Error::Failed(known.to_owned()));
        }
        Ok(format!(
            "{ADMIN_TEMPLATES}/{}/{}",
            self.message, self.language
        ))
    }
}

impl Command {
    const fn options(&self) -> &Options {
        match self {
            Self::List { options } | Self::Show { options, .. } | Self::Revert { options, .. } => {
                options
            }
            Self::Check(folder) | Self::Preview(folder) | Self::Save(folder) => &folder.options,
        }
    }
}

/// Runs a command and returns its output.
pub(crate) async fn run(command: &Command, clock: &Clock) -> Result<String, Error> {
    let options = command.options();
    let api = Api::connect(options, clock).await?;
    let (response, text) = match command {
        Command::List { .. } => {
            let list = api.get(ADMIN_TEMPLATES).await?;
            let text = tables::list(&list);
            (list, text)
        }
        Command::Show { message, into, .. } => show(&api, message, into.as_ref()).await?,
        Command::Check(folder) => {
            let preview = preview(&api, folder).await?;
            (preview, "No errors.".to_owned())
        }
        Command::Preview(folder) => {
            let preview = preview(&api, folder).await?;
            let text = files::write_preview(&folder.folder, &preview)?;
            (preview, text)
        }
        Command::Save(folder) => {
            let texts = Texts::read(&folder.folder)?.to_json();
            let saved = api.put(&folder.message.path()?, &texts).await?;
            (
                saved,
                "Saved. Emails are sent with these texts from now on.".to_owned(),
            )
        }
        Command::Revert { message, .. } => {
            api.delete(&message.path()?).await?;
            let text = "Emails are sent with the shipped texts from now on.".to_owned();
            (json!({}), text)
        }
    };
    Ok(if options.json {
        serde_json::to_string_pretty(&response).unwrap_or_default()
    } else {
        text
    })
}

async fn show(
    api: &Api,
    message: &Message,
    into: Option<&PathBuf>,
) -> Result<(Value, String), Error> {
    let shown = api.get(&message.path()?).await?;
    let text = match into {
        Some(folder) => Texts::from_json(&shown).write(folder)?,
        None => tables::show(&shown),
    };
    Ok((shown, text))
}

async fn preview(api: &Api, folder: &Folder) -> Result<Value, Error> {
    let texts = Texts::read(&folder.folder)?.to_json();
    let path = format!("{}/preview", folder.message.path()?);
    api.post(&path, &texts).await
}
