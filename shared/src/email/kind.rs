//! The messages, and the variables of each.

use crate::domain::email::{EmailKind, EmailTemplate, Notice};
use crate::domain::link::Purpose;

/// A message that users receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    SignIn,
    /// The invitation of a portal without passwords.
    Invitation,
    Activation,
    Reset,
    NewBrowser,
    PasswordChanged,
    AddressChanged,
    SessionsEnded,
}

/// A value that a template may show.
#[derive(Debug, PartialEq, Eq)]
pub struct Variable {
    pub name: &'static str,
    /// Text and HTML body must show it, whatever the other values are.
    pub required: bool,
    /// It may be the target of a link.
    pub is_url: bool,
    /// A description for operators, in English.
    pub about: &'static str,
}

const fn text(name: &'static str, about: &'static str) -> Variable {
    Variable {
        name,
        required: false,
        is_url: false,
        about,
    }
}

const fn url(name: &'static str, about: &'static str) -> Variable {
    Variable {
        is_url: true,
        ..text(name, about)
    }
}

const PORTAL: Variable = text("portal", "name of the portal");
const SUPPORT: Variable = text("support", "address or URL of the support; may be empty");
const SUPPORT_URL: Variable = url("support_url", "the same as the target of a link");
const CLIENT: Variable = text("client", "browser and system of the request; may be empty");
const IP: Variable = text("ip", "IP address of the request; empty if `client` is");
const TIME: Variable = text("time", "time of the request");
const LINK: Variable = Variable {
    required: true,
    ..url("link", "the link")
};
const LIFETIME: Variable = text("lifetime", "how long the link works, such as 15 minutes");
const CODE: Variable = Variable {
    required: true,
    ..text("code", "the code beside the link; may be empty")
};
const CODE_LIFETIME: Variable = text("code_lifetime", "how long the code works by itself");
const HELP_URL: Variable = url("help_url", "page where the user can do something about it");

impl MessageKind {
    pub const ALL: [Self; 8] = [
        Self::SignIn,
        Self::Invitation,
        Self::Activation,
        Self::Reset,
        Self::NewBrowser,
        Self::PasswordChanged,
        Self::AddressChanged,
        Self::SessionsEnded,
    ];

    /// Returns the message that `template` is for an email of this kind.
    pub const fn of(template: EmailTemplate, kind: &EmailKind) -> Self {
        match (template, kind) {
            (EmailTemplate::Link(Purpose::SignIn), EmailKind::Invitation(..)) => Self::Invitation,
            (EmailTemplate::Link(Purpose::SignIn), _) => Self::SignIn,
            (EmailTemplate::Link(Purpose::Activation), _) => Self::Activation,
            (EmailTemplate::Link(Purpose::Reset), _) => Self::Reset,
            // No email is sent for the link of a report alone: it is in every notice.
            (
                EmailTemplate::Link(Purpose::Report) | EmailTemplate::Notice(Notice::NewBrowser),
                _,
            ) => Self::NewBrowser,
            (EmailTemplate::Notice(Notice::PasswordChanged), _) => Self::PasswordChanged,
            (EmailTemplate::Notice(Notice::AddressChanged), _) => Self::AddressChanged,
            (EmailTemplate::Notice(Notice::SessionsEnded), _) => Self::SessionsEnded,
        }
    }

    /// Returns the name of its folder, which is also its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Invitation => "invitation",
            Self::Activation => "activation",
            Self::Reset => "reset",
            Self::NewBrowser => "new-browser",
            Self::PasswordChanged => "password-changed",
            Self::AddressChanged => "address-changed",
            Self::SessionsEnded => "sessions-ended",
        }
    }

    /// Parses the name of a message.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Returns the variables that its templates may use.
    pub const fn variables(self) -> &'static [Variable] {
        match self {
            Self::SignIn => &[
                LINK,
                LIFETIME,
                CODE,
                CODE_LIFETIME,
                CLIENT,
                IP,
                TIME,
                PORTAL,
                SUPPORT,
                SUPPORT_URL,
            ],
            Self::Invitation => &[LINK, LIFETIME, CODE, PORTAL, SUPPORT, SUPPORT_URL],
            Self::Activation | Self::Reset => &[
                LINK,
                LIFETIME,
                CLIENT,
                IP,
                TIME,
                PORTAL,
                SUPPORT,
                SUPPORT_URL,
            ],
            Self::NewBrowser
            | Self::PasswordChanged
            | Self::AddressChanged
            | Self::SessionsEnded => &[
                LINK,
                LIFETIME,
                HELP_URL,
                CLIENT,
                IP,
                TIME,
                PORTAL,
                SUPPORT,
                SUPPORT_URL,
            ],
        }
    }
}
