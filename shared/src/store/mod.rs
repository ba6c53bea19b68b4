//! The tables: a folder for each, and in it a file for each operation. The file holds the whole
//! transaction; its doc comment says what it promises and what it costs. The `*_item.rs` of a
//! folder maps the rows of the table.

mod audit;
mod expression;
mod history;
mod item;
pub mod links;
pub mod outbox;
mod rate_limits;
mod read;
mod requests;
pub mod sessions;
pub mod sign_in;
mod suppressions;
mod templates;
mod transaction;
pub mod users;
mod write;

use crate::aws::{self, Aws, Client, SdkError};
use crate::random::Random;
use crate::store::expression::built;
use crate::store::requests::DynamoDb;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;

pub use audit::EventFilter;
pub use history::{HistoryPage, HistoryRange};
pub use rate_limits::CountError;
pub use templates::StoredTemplate;

/// The store, or the keys, could not be reached. Nothing is half done: the caller may try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

impl Unavailable {
    /// Logs the error: callers learn nothing but that they may try again.
    fn because<E: ProvideErrorMetadata>(operation: &'static str, error: &SdkError<E>) -> Self {
        let error = aws::describe(error);
        tracing::error!(act = operation, error, "the store is unavailable");
        Self
    }

    /// Logs that a table holds an item that Vestibule did not write.
    fn unreadable(table: &'static str) -> Self {
        tracing::error!(table, "could not read an item");
        Self
    }
}

/// The tables of one portal.
pub struct Store {
    client: Client<DynamoDb>,
    tables: Tables,
    random: Random,
}

struct Tables {
    users: String,
    links: String,
    sessions: String,
    emails: String,
    audit: String,
    rate_limits: String,
    templates: String,
}

impl Store {
    /// Returns the store whose tables are named `<prefix>-users` and so on.
    pub fn new(aws: &Aws, prefix: &str, random: Random) -> Self {
        let table = |name: &str| format!("{prefix}-{name}");
        let tables = Tables {
            users: table("users"),
            links: table("links"),
            sessions: table("sessions"),
            emails: table("emails"),
            audit: table("audit"),
            rate_limits: table("rate-limits"),
            templates: table("templates"),
        };
        Self {
            client: Client::new(aws),
            tables,
            random,
        }
    }

    /// Opens the connection while Lambda gives the start its full CPU. Any response will do, even
    /// an error.
    pub async fn connect(&self) {
        let nobody = users::user_item::user_key(&crate::domain::ids::UserId::nobody());
        let request = GetItemInput::builder()
            .table_name(&self.tables.users)
            .set_key(Some(nobody));
        let _answer = self.client.send(built(request.build())).await;
    }
}
