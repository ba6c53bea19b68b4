//! The outbox, which is also the delivery log.

use super::address::EmailAddress;
use super::agent::Client;
use super::ids::{LinkId, Peppered, RecordId, UserId};
use super::link::Link;
use super::next::Next;
use super::time::Timestamp;
use super::user::Epoch;

/// Where a mail is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailKey {
    /// The peppered hash of the address.
    pub to: Peppered,
    /// Orders the address's mails by time.
    pub id: RecordId,
}

/// What a mail was asked for with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its row.
    pub key: MailKey,
    /// To whom.
    pub address: EmailAddress,
    /// The link it will carry.
    pub link: LinkId,
    /// Where that link leads.
    pub next: Option<Next>,
    /// Who asked.
    pub client: Client,
    /// When.
    pub asked_at: Timestamp,
    /// How far it has come.
    pub state: State,
}

/// How far a mail that is not over has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Asked for; nobody has looked whether the address is known.
    Queued,
    /// Claimed by the mailer, which may have crashed since: `lease_until` says when another may try.
    Sending {
        /// Everything that a retry needs in order to send the same link again.
        minted: Minted,
        /// Until when the claim holds.
        lease_until: Timestamp,
        /// How many claims there have been.
        attempts: u64,
        /// How many claims in a row have not come back.
        unanswered: u64,
    },
}

/// What the mailer fixed at its first claim, so that every retry sends the same link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minted {
    /// Whom the link signs in.
    pub user: UserId,
    /// Under which epoch.
    pub epoch: Epoch,
    /// The key that signs it.
    pub kid: String,
    /// Its last moment.
    pub expires_at: Timestamp,
}

/// How a mail ended: the `status` of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Handed to the mail provider.
    Sent,
    /// There was nobody to send it to; the row's `reason` says why.
    Dropped,
    /// The silent budget was used up.
    Throttled,
    /// The provider refused it for good, or three claims in a row never came back.
    Failed,
    /// Its link expired before it could be sent.
    Expired,
    /// The user's epoch moved before it could be sent.
    Superseded,
}

impl End {
    /// As stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Dropped => "dropped",
            Self::Throttled => "throttled",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
        }
    }
}

impl Mail {
    /// The link that this mail carries, made of what its first claim fixed.
    pub fn link(&self, minted: &Minted) -> Link {
        Link {
            id: self.link,
            user: minted.user.clone(),
            address: self.address.clone(),
            epoch: minted.epoch,
            expires_at: minted.expires_at,
            next: self.next.clone(),
        }
    }
}
