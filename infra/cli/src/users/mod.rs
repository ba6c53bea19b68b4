//! `vestibule users`: shows, invites, imports and changes users.

mod erase;
mod find;
mod import;
mod view;

use crate::api::{Api, Options};
use crate::error::Error;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::domain::paths::ADMIN_USERS;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Command {
    /// Lists users by address.
    ///
    /// Example: vestibule users list --prefix ada --stack partner-portal
    List {
        /// Only users whose address begins with this
        #[arg(long, default_value = "", hide_default_value = true)]
        prefix: String,
        /// Number of users to list
        #[arg(long, default_value = "100")]
        limit: usize,
        #[command(flatten)]
        options: Options,
    },
    /// Shows a user with their sessions, their newest emails and what happened to them.
    ///
    /// Example: vestibule users show ada@example.com --stack partner-portal
    Show(User),
    /// Adds a user and sends them an invitation, or sends it again.
    ///
    /// Examples:
    /// vestibule users invite ada@example.com --name "Ada Lovelace" --stack partner-portal
    /// vestibule users invite ada@example.com --again --stack partner-portal
    #[command(verbatim_doc_comment)]
    Invite(Invitation),
    /// Adds the users of a file in JSON lines. Sends no email.
    ///
    /// Each line is an object with email and name, and any of role, resources, status (active,
    /// which is the default, invited or suspended) and password (an Argon2id hash, never a
    /// password):
    ///
    /// {"email": "ada@example.com", "name": "Ada Lovelace", "role": "editor"}
    ///
    /// Users who exist already are left as they are, so the same file again finishes an import that
    /// was interrupted. Prints the number and the reason of each line that was refused, and exits
    /// with 1 if there is any.
    ///
    /// Example: vestibule users import users.jsonl --stack partner-portal
    Import {
        /// File to read, or - for the standard input
        file: PathBuf,
        #[command(flatten)]
        options: Options,
    },
    /// Suspends a user: they are signed out at once and cannot sign in.
    Suspend(User),
    /// Lets a suspended user sign in again.
    Reactivate(User),
    /// Erases a user and all that is stored about them, except for the audit. Cannot be undone.
    ///
    /// Asks for the address first; --yes answers for scripts.
    Erase {
        #[command(flatten)]
        user: User,
        /// Erases without asking first
        #[arg(long)]
        yes: bool,
    },
    /// Ends all sessions of a user, and makes all links that were emailed to them useless.
    EndSessions(User),
}

/// A user to invite.
#[derive(Args)]
pub struct Invitation {
    /// Address to send the invitation to
    email: String,
    /// Name of the user
    #[arg(long, required_unless_present = "again")]
    name: Option<String>,
    /// Role of the user, which your back ends are told
    #[arg(long, default_value = "", hide_default_value = true)]
    role: String,
    /// Sends the invitation again to a user who is still invited. The earlier link stops working
    #[arg(long, conflicts_with_all = ["name", "role"])]
    again: bool,
    #[command(flatten)]
    options: Options,
}

/// A user of a portal.
#[derive(Args)]
pub struct User {
    /// Address or id of the user
    user: String,
    #[command(flatten)]
    options: Options,
}

impl Command {
    const fn options(&self) -> &Options {
        match self {
            Self::List { options, .. } | Self::Import { options, .. } => options,
            Self::Invite(invitation) => &invitation.options,
            Self::Show(user)
            | Self::Suspend(user)
            | Self::Reactivate(user)
            | Self::Erase { user, .. }
            | Self::EndSessions(user) => &user.options,
        }
    }
}

/// Runs a command and returns its output.
pub(crate) async fn run(command: &Command, clock: &Clock) -> Result<String, Error> {
    let options = command.options();
    let api = Api::connect(options, clock).await?;
    let (response, text) = match command {
        Command::List { prefix, limit, .. } => {
            let users = find::list(&api, prefix, *limit).await?;
            let text = view::list(&users);
            (users, text)
        }
        Command::Show(user) => {
            let path = find::path(&api, &user.user).await?;
            let shown = api.get(&path).await?;
            let text = view::show(&shown);
            (shown, text)
        }
        Command::Import { file, .. } => return import::run(&api, file, options.json).await,
        Command::Invite(invitation) => invite(&api, invitation).await?,
        Command::Suspend(user) => set_status(&api, &user.user, "suspended").await?,
        Command::Reactivate(user) => set_status(&api, &user.user, "active").await?,
        Command::Erase { user, yes } => erase::run(&api, &user.user, *yes).await?,
        Command::EndSessions(user) => {
            let path = find::path(&api, &user.user).await?;
            api.delete(&format!("{path}/sessions")).await?;
            let text = format!("{} is signed out everywhere.", user.user);
            (json!({}), text)
        }
    };
    Ok(if options.json {
        pretty(&response)
    } else {
        text
    })
}

async fn invite(api: &Api, invitation: &Invitation) -> Result<(Value, String), Error> {
    let Invitation {
        email,
        name,
        role,
        again,
        ..
    } = invitation;
    let response = if *again {
        let path = find::path(api, email).await?;
        api.post(&format!("{path}/resend"), &json!({})).await?
    } else {
        let user = json!({ "email": email, "name": name, "role": role });
        api.post(ADMIN_USERS, &user).await?
    };
    let waits = response
        .get("invitation_waits_until")
        .and_then(Value::as_str);
    let text = match waits {
        None => format!("{email} is invited."),
        Some(until) => format!(
            "{email} is invited. The day’s invitation budget is used up, so the email waits until \
             {until}."
        ),
    };
    Ok((response, text))
}

async fn set_status(api: &Api, user: &str, status: &str) -> Result<(Value, String), Error> {
    let path = find::path(api, user).await?;
    let changed = api.patch(&path, &json!({ "status": status })).await?;
    let text = match status {
        "suspended" => format!("{user} is suspended and signed out everywhere."),
        _ => format!("{user} may sign in again."),
    };
    Ok((changed, text))
}

fn pretty(response: &Value) -> String {
    serde_json::to_string_pretty(response).unwrap_or_default()
}
