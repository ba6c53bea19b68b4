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
use crate::domain::link::{Link, LinkAccount, Purpose, REPORT_LIFETIME};
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

/// An event of an account that its user is informed of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A sign-in from a browser that is not known to the address.
    NewBrowser,
    PasswordChanged,
    AddressChanged,
    /// An administrator ended all sessions.
    SessionsEnded,
}

impl Notice {
    pub const ALL: [Self; 4] = [
        Self::NewBrowser,
        Self::PasswordChanged,
        Self::AddressChanged,
        Self::SessionsEnded,
    ];

    /// Returns the stored `kind`, which is also the stored `template`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewBrowser => "new-browser",
            Self::PasswordChanged => "password-changed",
            Self::AddressChanged => "address-changed",
            Self::SessionsEnded => "sessions-ended",
        }
    }

    /// Parses the stored form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.as_str() == text)
    }
}

impl EmailKind {
    /// Returns the stored `kind`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Reset => "reset",
            Self::SignUp { .. } => "sign-up",
            Self::Invitation(..) => "invitation",
            Self::Notice(notice, ..) => notice.as_str(),
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
    /// The link is what the user has requested.
    Link(Purpose),
    /// The link reports that it was not the user.
    Notice(Notice),
}

impl EmailTemplate {
    /// Returns the stored `template`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Link(purpose) => purpose.as_str(),
            Self::Notice(notice) => notice.as_str(),
        }
    }

    /// Parses the stored `template`.
    pub fn parse(text: &str) -> Option<Self> {
        let notice = Notice::parse(text).map(Self::Notice);
        notice.or_else(|| Purpose::parse(text).map(Self::Link))
    }

    /// Returns the notice, or `None` for a template of another kind.
    pub const fn notice(self) -> Option<Notice> {
        match self {
            Self::Link(_) => None,
            Self::Notice(notice) => Some(notice),
        }
    }
}

/// An email in the outbox that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    pub key: OutboxKey,
    pub address: EmailAddress,
    pub kind: EmailKind,
    /// Id of the link that the email carries.
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
    /// Time after which the email is not sent. Its link expires then too, unless it reports a
    /// notice.
    pub expires_at: Timestamp,
}

impl OutboxEntry {
    /// Returns the link of this email as its first claim fixed it.
    pub fn link(&self, prepared: &PreparedEmail) -> Link {
        let (purpose, expires_at) = match prepared.template {
            EmailTemplate::Link(purpose) => (purpose, prepared.expires_at),
            EmailTemplate::Notice(_) => {
                let end = self.requested_at.plus(REPORT_LIFETIME);
                (Purpose::Report, Timestamp::from_secs(end.secs()))
            }
        };
        Link {
            purpose,
            id: self.link,
            user: prepared.user.clone(),
            address: self.address.clone(),
            epoch: prepared.epoch,
            expires_at,
            account: prepared.account.clone(),
            next: self.next.clone().into(),
        }
    }
}
