//! Flash messages: the sentence that a page shows after a redirect to it. All sentences are here;
//! nothing from the query is shown.

use shared::domain::password::WeakPassword;
use shared::http::Request;

pub(crate) const CHECK_EMAIL: &str = "Enter a valid email address.";
pub(crate) const CHECK_EMAIL_AND_PASSWORD: &str = "Enter a valid email address and your password.";
pub(crate) const CHECK_NAME_AND_EMAIL: &str = "Enter your name and a valid email address.";
pub(crate) const CHECK_CODE: &str = "Enter the 8-digit code from the email.";
pub(crate) const CHECK_PASSWORD: &str = "Enter a password.";

pub(crate) const INVITATION_USED: &str = "This invitation has already been used";
pub(crate) const INVITATION_EXPIRED: &str = "This invitation has expired";
pub(crate) const INVITATION_INVALID: &str = "This invitation no longer works";

pub(crate) struct Flash {
    pub(crate) text: String,
    /// The ARIA role: `alert` for a failure, `status` for a success.
    pub(crate) role: &'static str,
}

impl Flash {
    /// Returns the message that the query of `request` asks for, if it does. `invalid_form` is the
    /// one for a form with an invalid field; `min_length` is that of a password, in characters.
    pub(crate) fn new(request: &Request, invalid_form: &str, min_length: usize) -> Option<Self> {
        let query = |name| request.query(name).unwrap_or_default();
        let text = match (query("error"), query("reason")) {
            ("", _) if query("notice") == "password_changed" => return Some(password_changed()),
            ("", _) => return None,
            ("invalid_request", _) => invalid_form.to_owned(),
            ("weak_password", reason) => weak_password(reason, min_length),
            (error, reason) => failure(error, reason).to_owned(),
        };
        Some(Self {
            text,
            role: "alert",
        })
    }
}

fn password_changed() -> Flash {
    Flash {
        text: "Your password was changed. Sign in with your new password.".to_owned(),
        role: "status",
    }
}

fn failure(error: &str, reason: &str) -> &'static str {
    match (error, reason) {
        ("invalid_token", "expired") => "This link has expired. Request a new one.",
        ("invalid_token", "used") => "This link has already been used. Request a new one.",
        ("invalid_token", _) => "This link or code doesn’t work. Try again, or request a new one.",
        ("invalid_credentials", _) => "Wrong email address or password. Check both and try again.",
        ("too_many_attempts", _) => "Too many attempts. Wait a while, then try again.",
        ("unavailable", _) => "We couldn’t do that just now. Try again in a moment.",
        _ => "Something went wrong. Try again.",
    }
}

fn weak_password(reason: &str, min_length: usize) -> String {
    match WeakPassword::parse(reason, min_length) {
        Some(weak) => format!("Choose a different password. {weak}"),
        None => "Choose a different password.".to_owned(),
    }
}
