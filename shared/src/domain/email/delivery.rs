//! The end of a delivery, and the delivery log.

use super::event::{EmailEvent, decisive};
use crate::domain::address::EmailAddress;
use crate::domain::client::ClientInfo;
use crate::domain::ids::{LinkId, RecordId};
use crate::domain::time::Timestamp;

/// The final status of an email.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStatus {
    Sent,
    Dropped,
    Throttled,
    Failed,
    Expired,
    Superseded,
    Suppressed,
}

impl DeliveryStatus {
    /// Returns the stored `status`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Dropped => "dropped",
            Self::Throttled => "throttled",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Suppressed => "suppressed",
        }
    }
}

/// The end of a delivery, with the details that its status calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome<'a> {
    /// The provider has accepted the email.
    Sent {
        /// The provider's id of the message.
        message_id: &'a str,
    },
    /// The email cannot be sent.
    Failed(FailureReason<'a>),
    /// There is nobody to send the email to.
    Dropped(DropReason),
    /// A silent limit was reached.
    Throttled(Budget),
    /// The link expired before it could be sent.
    Expired,
    /// The email became void before it could be sent.
    Superseded(SupersededBy),
    /// Nothing is sent to the address, because an earlier email bounced or was marked as spam.
    Suppressed,
}

impl DeliveryOutcome<'_> {
    pub const fn status(&self) -> DeliveryStatus {
        match self {
            Self::Sent { .. } => DeliveryStatus::Sent,
            Self::Failed(_) => DeliveryStatus::Failed,
            Self::Dropped(_) => DeliveryStatus::Dropped,
            Self::Throttled(_) => DeliveryStatus::Throttled,
            Self::Expired => DeliveryStatus::Expired,
            Self::Superseded(_) => DeliveryStatus::Superseded,
            Self::Suppressed => DeliveryStatus::Suppressed,
        }
    }

    /// Returns the stored `reason`, or `None` if the email was sent.
    pub const fn reason(&self) -> Option<&str> {
        match self {
            Self::Sent { .. } => None,
            Self::Failed(reason) => Some(reason.as_str()),
            Self::Dropped(reason) => Some(reason.as_str()),
            Self::Throttled(budget) => Some(budget.as_str()),
            Self::Expired => Some("link-expired"),
            Self::Superseded(by) => Some(by.as_str()),
            Self::Suppressed => Some("address-suppressed"),
        }
    }
}

/// The reason why an email cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureReason<'a> {
    /// The provider refused the email permanently, with this message. It may contain the address:
    /// it is stored and never logged.
    Refused(&'a str),
    /// Too many consecutive claims were lost.
    Unanswered,
    /// This version cannot read the item.
    Unreadable,
}

impl FailureReason<'_> {
    /// Returns the stored form.
    pub const fn as_str(&self) -> &str {
        match self {
            Self::Refused(message) => message,
            Self::Unanswered => "unanswered",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The reason why there is nobody to send an email to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    NoAccount,
    Suspended,
}

impl DropReason {
    /// Returns the stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAccount => "no-account",
            Self::Suspended => "suspended",
        }
    }
}

/// A silent limit on the emails that are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// The emails to one address that clients request which are not known to it.
    Address,
    /// The emails that one known browser requests.
    KnownBrowser,
    /// The sign-in and reset emails of the whole portal.
    Portal,
    /// The sign-up emails of the whole portal.
    SignUps,
    /// The invitations of the whole portal.
    Invitations,
}

impl Budget {
    /// Returns the stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address-budget",
            Self::KnownBrowser => "known-browser-budget",
            Self::Portal => "portal-budget",
            Self::SignUps => "sign-up-budget",
            Self::Invitations => "invitation-budget",
        }
    }

    /// Returns whether the limit is one of the whole portal.
    pub const fn is_of_portal(self) -> bool {
        matches!(self, Self::Portal | Self::SignUps | Self::Invitations)
    }
}

/// The event that made an email void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupersededBy {
    /// The user's epoch changed.
    EpochMove,
    /// The invited user was activated.
    Activation,
}

impl SupersededBy {
    /// Returns the stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EpochMove => "epoch-moved",
            Self::Activation => "activated",
        }
    }
}

/// An email as the delivery log shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRecord {
    pub id: RecordId,
    /// The address, unless the email was dropped.
    pub address: Option<EmailAddress>,
    /// Client that requested the email. It has no IP address if an administrator did.
    pub client: ClientInfo,
    /// Id of the link that the email carries, once it is claimed.
    pub link: Option<LinkId>,
    /// The kind as stored, see `EmailKind`.
    pub kind: String,
    /// The template as stored, see `EmailTemplate`, once it is decided.
    pub template: Option<String>,
    /// `queued`, `sending`, or a [`DeliveryStatus`]: the status that the mailer stored.
    pub stored_status: String,
    /// Reason for the stored status, where it needs one.
    pub stored_reason: Option<String>,
    /// Reports of the provider about the email since, oldest first.
    pub events: Vec<EmailEvent>,
    /// The provider's id of the message.
    pub message_id: Option<String>,
    pub requested_at: Timestamp,
    /// Time of the first claim.
    pub claimed_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// Time at which its budget was found used up.
    pub postponed_at: Option<Timestamp>,
    /// Time before which it is not sent, because its budget was used up.
    pub waits_until: Option<Timestamp>,
    /// Expiry of the link of an email that was held back: until then it can be sent again.
    pub held_until: Option<Timestamp>,
    /// Times at which an administrator sent the email again, oldest first.
    pub redrives: Vec<Redrive>,
    /// Number of claims so far.
    pub attempts: u64,
}

/// An email that was held back was sent again by an administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    pub at: Timestamp,
    /// The end that this undid, or `None` if the email was waiting.
    pub undone: Option<UndoneEnd>,
}

/// The end of an email that was sent again later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoneEnd {
    pub at: Timestamp,
    /// The stored form of a [`DeliveryStatus`].
    pub status: String,
    pub reason: String,
}

impl DeliveryRecord {
    /// Returns whether the email is queued and waits for its budget at `now`.
    pub fn is_waiting(&self, now: Timestamp) -> bool {
        self.stored_status == "queued" && self.waits_until.is_some_and(|until| until > now)
    }

    /// Returns whether the email was held back, and nothing says that it was accepted since.
    pub fn is_held(&self) -> bool {
        self.held_until.is_some() && self.events.is_empty()
    }

    /// Returns the status: what the provider says if it has said anything, or else what the mailer
    /// stored.
    pub fn status(&self) -> &str {
        decisive(&self.events).map_or(&self.stored_status, |event| event.kind.status())
    }

    /// Returns the reason for the status, where it needs one.
    pub fn reason(&self) -> Option<&str> {
        match decisive(&self.events) {
            Some(event) => Some(event.detail.as_str()).filter(|detail| !detail.is_empty()),
            None => self.stored_reason.as_deref(),
        }
    }
}
