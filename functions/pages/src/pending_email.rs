//! The email that a user waits for on the page that asks to check their email.

use shared::domain::paths;

#[derive(Clone, Copy)]
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

    pub(crate) const fn is_reset(self) -> bool {
        matches!(self, Self::Reset)
    }

    pub(crate) const fn is_sign_up(self) -> bool {
        matches!(self, Self::SignUp)
    }

    /// Returns the path of the page that requests another email.
    pub(crate) const fn request_page(self) -> &'static str {
        match self {
            Self::SignIn => paths::SIGN_IN,
            Self::Reset => paths::FORGOT_PASSWORD,
            Self::SignUp => paths::SIGN_UP,
        }
    }
}
