//! Flash messages: the sentence that a page shows after a redirect to it. All sentences are here;
//! nothing from the query is shown.

use shared::domain::password::WeakPassword;
use shared::http::Request;
use shared::http::form_error::FormError;

pub(crate) const CHECK_EMAIL: &str = "Enter a valid email address.";
pub(crate) const CHECK_EMAIL_AND_PASSWORD: &str = "Enter a valid email address and your password.";
pub(crate) const CHECK_NAME_AND_EMAIL: &str = "Enter your name and a valid email address.";
pub(crate) const CHECK_CODE: &str = "Enter the 8-digit code from the email.";
pub(crate) const CODE_USED: &str = "The link with this code has already been used, maybe in \
     another browser. If it wasn’t you, open the link here to end that session.";
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
        let Some(error) = FormError::from_query(|name| request.query(name)) else {
            return notice(request.query("notice")?);
        };
        let text = match error {
            FormError::InvalidRequest => invalid_form.to_owned(),
            FormError::WrongCode(left) => wrong_code(left),
            FormError::WeakPassword(reason) => weak_password(reason, min_length),
            FormError::TooManyAttempts(seconds) => too_many_attempts(seconds),
            _ => failure(error).to_owned(),
        };
        Some(Self::alert(text))
    }

    pub(crate) const fn alert(text: String) -> Self {
        Self {
            text,
            role: "alert",
        }
    }
}

fn notice(name: &str) -> Option<Flash> {
    let text = match name {
        "password_changed" => "Your password was changed. Sign in with your new password.",
        "session_ended" => "The other session has ended.",
        _ => return None,
    };
    Some(Flash {
        text: text.to_owned(),
        role: "status",
    })
}

const fn failure(error: FormError<'_>) -> &'static str {
    match error {
        FormError::ExpiredToken => "This link has expired. Request a new one.",
        FormError::UsedToken => "This link has already been used. Request a new one.",
        FormError::InvalidToken => {
            "This link or code doesn’t work. Try again, or request a new one."
        }
        FormError::InvalidCredentials => {
            "Wrong email address or password. Check both and try again."
        }
        FormError::Unavailable => "We couldn’t do that just now. Try again in a moment.",
        FormError::InvalidRequest
        | FormError::WrongCode(_)
        | FormError::WeakPassword(_)
        | FormError::TooManyAttempts(_)
        | FormError::Unknown => "Something went wrong. Try again.",
    }
}

/// Says how long to wait: at most a day, as limits do.
fn too_many_attempts(seconds: u64) -> String {
    match seconds {
        1 => "Too many attempts. Try again in 1 second.".to_owned(),
        2..=119 => format!("Too many attempts. Try again in {seconds} seconds."),
        120..=86_400 => {
            let minutes = seconds.div_ceil(60);
            format!("Too many attempts. Try again in {seconds} seconds ({minutes} minutes).")
        }
        _ => "Too many attempts. Wait a while, then try again.".to_owned(),
    }
}

fn wrong_code(attempts_left: u8) -> String {
    match attempts_left {
        0 => "This code doesn’t work. You have no attempts left. Request a new email.".to_owned(),
        1 => "This code doesn’t work. You have 1 attempt left.".to_owned(),
        _ => format!("This code doesn’t work. You have {attempts_left} attempts left."),
    }
}

fn weak_password(reason: &str, min_length: usize) -> String {
    match WeakPassword::parse(reason, min_length) {
        Some(weak) => format!("Choose a different password. {weak}"),
        None => "Choose a different password.".to_owned(),
    }
}
