//! The emails of a portal, and the links in them.

use super::rules::DAY;
use crate::rows::{number, text};
use kit::Email;
use serde_json::Value;
use shared::domain::ids::KeyedHash;

/// The reason for an email.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    SignIn,
    Reset,
    SignUp,
    Invitation,
    PasswordChanged,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::SignIn,
        Self::Reset,
        Self::SignUp,
        Self::Invitation,
        Self::PasswordChanged,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Reset => "reset",
            Self::SignUp => "sign-up",
            Self::Invitation => "invitation",
            Self::PasswordChanged => "password-changed",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Returns the action that is audited when an email of this kind is claimed.
    pub(super) const fn action(self) -> &'static str {
        match self {
            Self::SignIn => "login.requested",
            Self::Reset => "password.reset.requested",
            Self::SignUp => "sign-up.requested",
            Self::Invitation => "invitation.emailed",
            Self::PasswordChanged => "notice.emailed",
        }
    }
}

/// The state of an email's row in the outbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum EmailState {
    #[default]
    Queued,
    /// The budget is used up, and the email waits for the next window.
    Waiting {
        until: u64,
    },
    Sending {
        lease_until: u64,
        lost_claims: u64,
    },
    Finished {
        status: String,
        at: u64,
    },
    /// DynamoDB has expired the row.
    Gone,
}

impl EmailState {
    pub(super) fn of(row: &Value) -> Self {
        let number = |name| number(row, name);
        match (text(row, "status"), number("waits_until")) {
            ("queued", None) => Self::Queued,
            ("queued", Some(until)) => Self::Waiting { until },
            ("sending", _) => Self::Sending {
                lease_until: number("lease_until").unwrap_or_default(),
                lost_claims: number("lost_claims").unwrap_or_default(),
            },
            (status, _) => Self::Finished {
                status: status.to_owned(),
                at: number("ended_at").unwrap_or_default(),
            },
        }
    }

    pub(super) fn status(&self) -> &str {
        match self {
            Self::Queued => "queued",
            Self::Waiting { .. } => "waiting",
            Self::Sending { .. } => "sending",
            Self::Finished { status, .. } => status,
            Self::Gone => "gone",
        }
    }

    pub(super) const fn is_finished(&self) -> bool {
        matches!(self, Self::Finished { .. } | Self::Gone)
    }
}

/// The part of an email's row that its first claim fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) user: String,
    pub(super) epoch: u64,
    pub(super) kid: String,
    pub(super) expires_at: u64,
    /// The purpose of the link, or the notice.
    pub(super) template: String,
    /// The account that the link was issued to: `active`, `invited` or `new`.
    pub(super) account: String,
}

impl Claim {
    /// Reads the claim of an email's row, if it has been claimed.
    pub(super) fn of(row: &Value) -> Option<Self> {
        Some(Self {
            kid: row.get("kid")?["S"].as_str().unwrap_or_default().to_owned(),
            user: text(row, "user_id").to_owned(),
            epoch: number(row, "epoch").unwrap_or_default(),
            expires_at: number(row, "link_expires_at").unwrap_or_default(),
            template: text(row, "template").to_owned(),
            account: text(row, "account").to_owned(),
        })
    }

    /// Returns the epoch of the session that the link issues: activation moves it.
    pub(super) fn session_epoch(&self) -> u64 {
        self.epoch + u64::from(self.account == "invited")
    }
}

/// The use of a link.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) at: u64,
    /// The client that requested the link has used it.
    pub(super) by_requester: bool,
    /// The hash of the idempotency key that the link was redeemed with.
    pub(super) key_hash: Option<String>,
    /// The session that it issued; a reset issues none.
    pub(super) session: Option<usize>,
}

/// An email, and the link in it if it has one.
#[derive(Default)]
pub(super) struct Link {
    pub(super) id: String,
    pub(super) kind: Kind,
    /// The nonce that only the requesting client has; nobody has it if the response was lost.
    pub(super) nonce: Option<String>,
    /// The idempotency key of the request.
    pub(super) request_key: Option<String>,
    pub(super) client: usize,
    /// The known browser that requested the email.
    pub(super) known_browser: Option<KeyedHash>,
    pub(super) person: usize,
    /// The name that somebody signed up with.
    pub(super) name: String,
    /// The user and the epoch that an invitation or a notice is about.
    pub(super) subject: Option<(String, u64)>,
    pub(super) requested_at: u64,
    pub(super) has_next: bool,
    /// The stream's record of the queued email.
    pub(super) record: Value,
    pub(super) state: EmailState,
    pub(super) claim: Option<Claim>,
    pub(super) email: Option<Email>,
    /// The idempotency keys of the link pages that were opened.
    pub(super) page_keys: Vec<String>,
    pub(super) used: Option<Use>,
    /// DynamoDB has expired the link's row.
    pub(super) is_gone: bool,
}

impl Link {
    /// Returns whether the email was sent with a link for this purpose.
    pub(super) fn is_for(&self, purpose: &str) -> bool {
        let claim = self.claim.as_ref();
        claim.is_some_and(|claim| claim.template == purpose)
    }

    /// Returns whether its link is of use to a simulated user, unlike that of a notice.
    pub(super) fn is_redeemable(&self) -> bool {
        self.kind != Kind::PasswordChanged
    }

    /// Returns the expiry of the link.
    pub(super) const fn expires_at(&self, claim: &Claim) -> u64 {
        match self.kind {
            Kind::PasswordChanged => (self.requested_at + REPORT_LIFETIME) / 1000 * 1000,
            _ => claim.expires_at,
        }
    }

    /// Returns the key of the email's row.
    pub(super) fn email_key(&self) -> [&str; 2] {
        let keys = &self.record["dynamodb"]["Keys"];
        ["pk", "sk"].map(|name| text(keys, name))
    }

    /// Returns the time from which the sweep delivers the email.
    pub(super) const fn due_at(&self) -> u64 {
        match self.state {
            EmailState::Waiting { until } => until,
            _ => self.requested_at + SWEPT_FROM,
        }
    }

    /// Returns the token in the email, or an empty string.
    pub(super) fn token(&self) -> String {
        self.email.as_ref().map(Email::token).unwrap_or_default()
    }

    /// Returns the code in the email, if there is one.
    pub(super) fn code(&self) -> Option<&str> {
        let code = self.email.as_ref()?.code.as_str();
        Some(code).filter(|code| !code.is_empty())
    }
}

/// The lifetime of the link in a notice.
const REPORT_LIFETIME: u64 = 7 * DAY;
/// The age from which the sweep delivers an email, in milliseconds.
const SWEPT_FROM: u64 = 30_000;
