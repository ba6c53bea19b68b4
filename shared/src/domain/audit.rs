//! The audit: what happened, and to whom.

use super::agent::Client;
use super::ids::UserId;
use super::time::Timestamp;

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// `<portal>.login` and so on.
    pub action: String,
    /// To whom it happened, and in these cases also who did it.
    pub user: UserId,
    /// The kind and the id of what it was done with.
    pub resource: (&'static str, String),
    /// What else is worth knowing.
    pub metadata: Vec<(&'static str, String)>,
    /// From where.
    pub client: Client,
    /// When.
    pub at: Timestamp,
    /// Until when the record is kept.
    pub expires_at: Timestamp,
}
