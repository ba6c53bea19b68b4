//! The email that a user waits for on the page that asks to check their email.

use shared::domain::language::sentences::PageSentences;
use shared::domain::paths;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PendingEmail {
    SignIn,
    Reset,
    SignUp,
}

impl PendingEmail {
    /// Parses the query parameter `for`, which [`shared::auth::request_email`] sets. Anything else
    /// than `reset` and `sign-up` is a sign-in.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "reset" => Self::Reset,
            "sign-up" => Self::SignUp,
            _ => Self::SignIn,
        }
    }

    pub(crate) fn is_reset(self) -> bool {
        self == Self::Reset
    }

    pub(crate) fn is_sign_up(self) -> bool {
        self == Self::SignUp
    }

    /// Returns the path of the page that requests another email.
    pub(crate) const fn request_page(self) -> &'static str {
        match self {
            Self::SignIn => paths::SIGN_IN,
            Self::Reset => paths::FORGOT_PASSWORD,
            Self::SignUp => paths::SIGN_UP,
        }
    }

    /// Returns the path that sends the same email again.
    pub(crate) const fn action(self) -> &'static str {
        match self {
            Self::SignIn => paths::REQUEST_LOGIN,
            Self::Reset => paths::FORGOT_PASSWORD,
            Self::SignUp => paths::SIGN_UP,
        }
    }

    /// Returns the sentence that says what was sent. It names the address if that is known.
    pub(crate) const fn sentence(self, t: &PageSentences, knows_address: bool) -> &'static str {
        match (self, knows_address) {
            (Self::SignIn, true) => t.sent_code_to,
            (Self::SignIn, false) => t.sent_code,
            (Self::Reset, true) => t.sent_reset_to,
            (Self::Reset, false) => t.sent_reset,
            (Self::SignUp, true) => t.sent_sign_up_to,
            (Self::SignUp, false) => t.sent_sign_up,
        }
    }
}
