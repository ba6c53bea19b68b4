//! What a redirect to a page wants said: one of our own sentences, never the query itself.

use shared::domain::password::WeakPassword;
use shared::http::Request;
use shared::http::form_error::FormError;

pub(crate) const CHECK_EMAIL: &str = "Enter a valid email address.";
pub(crate) const CHECK_EMAIL_AND_PASSWORD: &str = "Enter a valid email address and your password.";
pub(crate) const CHECK_NAME_AND_EMAIL: &str = "Enter your name and a valid email address.";
pub(crate) const CHECK_CODE: &str = "Enter the 8-digit code from the email.";
pub(crate) const CHECK_PASSWORD: &str = "Enter a password.";

pub(crate) const INVITATION_USED: &str = "This invitation has already been used";
pub(crate) const INVITATION_EXPIRED: &str = "This invitation has expired";
pub(crate) const INVITATION_INVALID: &str = "This invitation no longer works";

/// A sentence at the top of a page.
pub(crate) struct Flash {
    pub(crate) text: String,
    /// How it is read out: `alert` where something went wrong, `status` where it went well.
    pub(crate) role: &'static str,
}

/// The sentence for this request's query. `check` is the one for a form that was filled in wrongly;
/// `min_length` is how long a password must be.
pub(crate) fn flash(request: &Request, check: &str, min_length: usize) -> Option<Flash> {
    let query = |name| request.query(name).unwrap_or_default();
    if (query("error"), query("notice")) == ("", "password_changed") {
        let text = "Your password was changed. Sign in with your new password.".to_owned();
        return Some(Flash {
            text,
            role: "status",
        });
    }
    let text = match FormError::from_query(request)? {
        FormError::InvalidRequest => check.to_owned(),
        FormError::WeakPassword(reason) => weak(reason, min_length),
        error => sentence(error).to_owned(),
    };
    Some(Flash {
        text,
        role: "alert",
    })
}

const fn sentence(error: FormError<'_>) -> &'static str {
    match error {
        FormError::ExpiredToken => "This link has expired. Request a new one.",
        FormError::UsedToken => "This link has already been used. Request a new one.",
        FormError::InvalidToken => {
            "This link or code doesn’t work. Try again, or request a new one."
        }
        FormError::InvalidCredentials => {
            "Wrong email address or password. Check both and try again."
        }
        FormError::TooManyAttempts => "Too many attempts. Wait a while, then try again.",
        FormError::Unavailable => "We couldn’t do that just now. Try again in a moment.",
        FormError::InvalidRequest | FormError::WeakPassword(_) | FormError::Unknown => {
            "Something went wrong. Try again."
        }
    }
}

fn weak(reason: &str, min_length: usize) -> String {
    match WeakPassword::parse(reason, min_length) {
        Some(weak) => format!("Choose a different password. {weak}"),
        None => "Choose a different password.".to_owned(),
    }
}
