//! The tables. One file per act: the file is the transaction, its doc comment the promise and what
//! it costs. [`items`] has one file per table.

pub mod add_user;
pub mod administer;
pub mod ask;
pub mod deliver;
pub mod end;
pub mod history;
pub mod items;
pub mod look;
pub mod redeem;
pub mod reset_password;
pub mod sessions;
pub mod sign_in;
mod transaction;
pub mod try_code;
pub mod use_up;

use crate::aws;
use crate::randomness::Random;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_types::SdkConfig;

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
        tracing::error!(table, "an item cannot be read");
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
    tokens: String,
    sessions: String,
    mail: String,
    audit: String,
    throttles: String,
}

impl Store {
    /// The tables called `<prefix>-users` and so on. `random` spreads retries.
    pub fn new(aws: &SdkConfig, prefix: &str, random: Random) -> Self {
        let table = |name: &str| format!("{prefix}-{name}");
        let tables = Tables {
            users: table("users"),
            tokens: table("tokens"),
            sessions: table("sessions"),
            mail: table("mail"),
            audit: table("audit"),
            throttles: table("throttles"),
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
        let nobody = items::users::user_key(&crate::domain::ids::UserId::nobody());
        let _answer = self
            .client
            .get_item()
            .table_name(&self.tables.users)
            .set_key(Some(nobody))
            .send()
            .await;
    }
}
