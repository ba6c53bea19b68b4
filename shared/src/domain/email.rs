//! The outbox, which is also the delivery log.

use crate::domain::address::EmailAddress;
use crate::domain::audit::Action;
use crate::domain::client::ClientInfo;
use crate::domain::ids::{KeyedHash, LinkId, RecordId, UserId};
use crate::domain::link::{Link, Purpose};
use crate::domain::next::Next;
use crate::domain::time::Timestamp;
use crate::domain::user::Epoch;

/// Where a mail is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxKey {
    /// The peppered hash of the address.
    pub to: KeyedHash,
    /// Orders the address's mails by time.
    pub id: RecordId,
}

/// What somebody wants a mail for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailKind {
    /// To sign in. Whoever has the address by then decides what is sent.
    SignIn,
    /// To set another password.
    Reset,
    /// To become a user, with this name.
    SignUp {
        /// As a stranger typed it: for the user's row, never for a mail.
        name: String,
    },
    /// An administrator wants this user to come. Void once her epoch has moved.
    Invitation(UserId, Epoch),
    /// Something has happened to this user's account.
    Notice(Notice, UserId, Epoch),
}

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// There is another password now.
    PasswordChanged,
    /// The account has another address now.
    AddressChanged,
}

impl EmailKind {
    /// As stored and shown: the mail's kind.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Reset => "reset",
            Self::SignUp { .. } => "sign-up",
            Self::Invitation(..) => "invitation",
            Self::Notice(Notice::PasswordChanged, ..) => "password-changed",
            Self::Notice(Notice::AddressChanged, ..) => "address-changed",
        }
    }

    /// What is written down once it is taken up for a user.
    pub const fn action(&self) -> Action {
        match self {
            Self::SignIn => Action::LoginRequested,
            Self::Reset => Action::PasswordResetRequested,
            Self::SignUp { .. } => Action::SignUpRequested,
            Self::Invitation(..) => Action::InvitationEmailed,
            Self::Notice(..) => Action::NoticeEmailed,
        }
    }

    /// Whether anybody may have asked for it who knows the address.
    pub const fn is_self_requested(&self) -> bool {
        matches!(self, Self::SignIn | Self::Reset | Self::SignUp { .. })
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailTemplate {
    /// A link.
    Link(Purpose),
    /// A notice: no link.
    Notice(Notice),
}

impl EmailTemplate {
    /// As stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Link(purpose) => purpose.as_str(),
            Self::Notice(Notice::PasswordChanged) => "password-changed",
            Self::Notice(Notice::AddressChanged) => "address-changed",
        }
    }

    /// From its stored form.
    pub fn parse(text: &str) -> Option<Self> {
        let notices = [Notice::PasswordChanged, Notice::AddressChanged].map(Self::Notice);
        let notice = notices.into_iter().find(|notice| notice.as_str() == text);
        notice.or_else(|| Purpose::parse(text).map(Self::Link))
    }
}

/// What a mail was asked for with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Its row.
    pub key: OutboxKey,
    /// To whom.
    pub address: EmailAddress,
    /// What for.
    pub kind: EmailKind,
    /// The link it will carry, if it carries one.
    pub link: LinkId,
    /// Where that link leads.
    pub next: Option<Next>,
    /// Who asked.
    pub client: ClientInfo,
    /// When.
    pub requested_at: Timestamp,
    /// When its row is deleted from the delivery log.
    pub expires_at: Timestamp,
    /// How far it has come.
    pub state: DeliveryState,
}

/// How far a mail that is not over has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// Asked for; nobody has looked whether the address is known.
    Queued,
    /// Claimed by the mailer, which may have crashed since: `lease_until` says when another may
    /// try.
    Sending {
        /// Everything that a retry needs in order to send the same link again.
        prepared: PreparedEmail,
        /// Until when the claim holds.
        lease_until: Timestamp,
        /// How many claims there have been.
        attempts: u64,
        /// How many claims in a row have not come back.
        lost_claims: u64,
    },
}

/// What the mailer fixed at its first claim, so that every retry sends the same link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedEmail {
    /// What is sent.
    pub template: EmailTemplate,
    /// To which user.
    pub user: UserId,
    /// Under which epoch.
    pub epoch: Epoch,
    /// The key that signs its link.
    pub kid: String,
    /// Its last moment, and the mail's.
    pub expires_at: Timestamp,
}

/// How a mail ended: the `status` of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStatus {
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

impl DeliveryStatus {
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
    /// A silent budget is used up.
    Throttled(Budget),
    /// The link expired before it could be sent.
    Expired,
    /// The email became void before it could be sent.
    Superseded(SupersededBy),
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
    /// This version cannot read the row.
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
    /// The self-requested emails to one address.
    Address,
    /// The self-requested emails of the whole portal.
    Portal,
    /// The administrators' emails and notices of the whole portal.
    Reserve,
}

impl Budget {
    /// Returns the stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address-budget",
            Self::Portal => "portal-budget",
            Self::Reserve => "reserve-budget",
        }
    }
}

/// The event that made an email void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupersededBy {
    /// The user's epoch moved.
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

impl OutboxEntry {
    /// The link that this mail carries, made of what its first claim fixed; `None` for a notice.
    pub fn link(&self, prepared: &PreparedEmail) -> Option<Link> {
        let EmailTemplate::Link(purpose) = prepared.template else {
            return None;
        };
        Some(Link {
            purpose,
            id: self.link,
            user: prepared.user.clone(),
            address: self.address.clone(),
            epoch: prepared.epoch,
            expires_at: prepared.expires_at,
            next: self.next.clone(),
        })
    }
}

/// A mail as the delivery log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// Its id.
    pub id: RecordId,
    /// What it was asked for.
    pub kind: String,
    /// What was sent, once that is decided.
    pub template: Option<String>,
    /// `queued`, `sending`, or how it ended.
    pub status: String,
    /// Why, where there is something to say.
    pub reason: Option<String>,
    /// The provider's id of the message.
    pub message_id: Option<String>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempts: u64,
}
