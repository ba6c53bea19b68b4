//! Emails in the outbox, which is also the delivery log.

mod delivery;
mod event;
mod suppression;
mod tag;

pub use delivery::{
    Budget, DeliveryOutcome, DeliveryRecord, DeliveryStatus, DropReason, FailureReason, Redrive,
    SupersededBy, UndoneEnd,
};
pub use event::{EmailEvent, EmailEventKind};
pub use suppression::{Suppression, SuppressionReason};
pub use tag::TAG;

use crate::domain::address::EmailAddress;
use crate::domain::audit::Action;
use crate::domain::client::ClientInfo;
use crate::domain::ids::{KeyedHash, LinkId, RecordId, UserId};
use crate::domain::language::Language;
use crate::domain::link::{Link, LinkAccount, Purpose};
use crate::domain::next::Next;
use crate::domain::time::Timestamp;
use crate::domain::user::Epoch;

/// The key of an email in the outbox and the delivery log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxKey {
    /// Keyed hash of the address.
    pub to: KeyedHash,
    /// Orders the emails to one address by time.
    pub id: RecordId,
}

/// The purpose that an email was requested for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailKind {
    /// A request to sign in. The account behind the address at delivery decides the template.
    SignIn,
    /// A request to reset the password.
    Reset,
    /// A request to become a user.
    SignUp {
        /// The name as a stranger typed it: for the user's item, never for an email.
        name: String,
    },
    /// An administrator's invitation of this user. Void once the user's epoch has changed.
    Invitation(UserId, Epoch),
    /// Information about a change of this user's account.
    Notice(Notice, UserId, Epoch),
}

/// A change that the user is informed of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    PasswordChanged,
    AddressChanged,
}

impl EmailKind {
    /// Returns the stored `kind`.
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

    /// Returns the action that is recorded when the email is claimed.
    pub const fn action(&self) -> Action {
        match self {
            Self::SignIn => Action::LoginRequested,
            Self::Reset => Action::PasswordResetRequested,
            Self::SignUp { .. } => Action::SignUpRequested,
            Self::Invitation(..) => Action::InvitationEmailed,
            Self::Notice(..) => Action::NoticeEmailed,
        }
    }
}

/// The template of an email that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailTemplate {
    /// A template with a link.
    Link(Purpose),
    /// A template without a link.
    Notice(Notice),
}

impl EmailTemplate {
    /// Returns the stored `template`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Link(purpose) => purpose.as_str(),
            Self::Notice(Notice::PasswordChanged) => "password-changed",
            Self::Notice(Notice::AddressChanged) => "address-changed",
        }
    }

    /// Parses the stored `template`.
    pub fn parse(text: &str) -> Option<Self> {
        let notices = [Notice::PasswordChanged, Notice::AddressChanged].map(Self::Notice);
        let notice = notices.into_iter().find(|notice| notice.as_str() == text);
        notice.or_else(|| Purpose::parse(text).map(Self::Link))
    }
}

/// An email in the outbox that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    pub key: OutboxKey,
    pub address: EmailAddress,
    pub kind: EmailKind,
    /// Id of the link that the email carries, if its template has one.
    pub link: LinkId,
    /// Page that the link redirects to.
    pub next: Option<Next>,
    /// Client that requested the email.
    pub client: ClientInfo,
    /// Language of that request, which the email is written in.
    pub language: Language,
    /// The known browser that requested it, whose own budget it counts against.
    pub known_browser: Option<KeyedHash>,
    pub requested_at: Timestamp,
    /// Time before which the email is not sent, because the budget was used up.
    pub waits_until: Option<Timestamp>,
    /// End of the item's retention in the delivery log.
    pub expires_at: Timestamp,
    /// The provider's id of the message, where one of its events came before the outcome of the
    /// attempt was stored: it has accepted the email.
    pub message_id: Option<String>,
    /// Set if an administrator sent the email again, which no budget limits.
    pub redriven: bool,
    pub state: DeliveryState,
}

/// The delivery state of an email that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// Requested. Nobody has looked up the account yet.
    Queued,
    /// Claimed by the mailer, which may have crashed since.
    Sending {
        prepared: PreparedEmail,
        /// End of the claim. From then on the email may be claimed again.
        lease_until: Timestamp,
        /// Number of claims so far.
        attempts: u64,
        /// Number of consecutive claims that ended without an outcome.
        lost_claims: u64,
    },
}

/// The data that the first claim fixes, so that every retry sends the same link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedEmail {
    pub template: EmailTemplate,
    pub user: UserId,
    pub epoch: Epoch,
    /// The account behind the address.
    pub account: LinkAccount,
    /// Id of the key that signs the link.
    pub kid: String,
    /// Expiry of the link. The email is not sent after it.
    pub expires_at: Timestamp,
}

impl OutboxEntry {
    /// Returns the link of this email as its first claim fixed it, or `None` for a notice.
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
            account: prepared.account.clone(),
            next: self.next.clone().into(),
        })
    }
}
