//! Suppression: nothing is sent to an address that bounced or complained, until it is lifted.

use crate::domain::time::Timestamp;

/// The reason to suppress an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressionReason {
    /// The mailbox does not exist.
    HardBounce,
    /// The recipient marked an email as spam.
    Complaint,
}

impl SuppressionReason {
    /// Returns the stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HardBounce => "hard-bounce",
            Self::Complaint => "complaint",
        }
    }

    /// Parses the stored form.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::HardBounce, Self::Complaint]
            .into_iter()
            .find(|reason| reason.as_str() == text)
    }
}

/// The suppression of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Time of the bounce or complaint, as the provider says.
    pub since: Timestamp,
    pub reason: SuppressionReason,
    /// The provider's words. They may contain the address: they are stored and never logged.
    pub detail: String,
}
