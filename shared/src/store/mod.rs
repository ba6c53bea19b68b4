//! The tables. One file per act: the file is the transaction, its doc comment the promise and what
//! it costs. [`items`] has one file per table.

pub mod audit;
mod history;
mod item;
pub mod links;
pub mod outbox;
mod rate_limits;
pub mod sessions;
pub mod sign_in;
mod transaction;
pub mod users;

use crate::aws;
use crate::random::Random;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_types::SdkConfig;

pub use history::EventFilter;
pub use rate_limits::CountError;

/// The store, or the keys, could not be asked. Nothing is half done: the caller may try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

impl Unavailable {
    /// Logs why, and forgets it: callers are told nothing but "later".
    fn because<E: ProvideErrorMetadata, R>(act: &'static str, error: &SdkError<E, R>) -> Self {
        tracing::error!(
            act,
            error = aws::describe(error),
            "the store is unavailable"
        );
        Self
    }

    /// The store holds what Vestibule never wrote.
    fn unreadable(table: &'static str) -> Self {
        tracing::error!(table, "could not read an item");
        Self
    }
}

/// The tables of one portal.
pub struct Store {
    client: Client,
    tables: Tables,
    random: Random,
}

/// The tables' names.
struct Tables {
    users: String,
    links: String,
    sessions: String,
    emails: String,
    audit: String,
    rate_limits: String,
}

impl Store {
    /// The tables called `<prefix>-users` and so on. `random` spreads retries.
    pub fn new(aws: &SdkConfig, prefix: &str, random: Random) -> Self {
        let table = |name: &str| format!("{prefix}-{name}");
        let tables = Tables {
            users: table("users"),
            links: table("links"),
            sessions: table("sessions"),
            emails: table("emails"),
            audit: table("audit"),
            rate_limits: table("rate-limits"),
        };
        Self {
            client: Client::new(aws),
            tables,
            random,
        }
    }

    /// Opens the connection while Lambda still gives the start its full CPU. Whatever comes back,
    /// even a refusal, has opened it.
    pub async fn connect(&self) {
        let nobody = users::user_item::user_key(&crate::domain::ids::UserId::nobody());
        let _answer = self
            .client
            .get_item()
            .table_name(&self.tables.users)
            .set_key(Some(nobody))
            .send()
            .await;
    }
}
