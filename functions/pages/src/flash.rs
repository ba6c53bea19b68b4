//! What a redirect to a page wants said: one of our own sentences, never the query itself.

use shared::domain::password::WeakPassword;
use shared::http::Request;

/// A sentence at the top of a page.
pub(crate) struct Flash {
    pub(crate) text: String,
    /// How it is read out: `alert` where something went wrong, `status` where it went well.
    pub(crate) role: &'static str,
}

/// The sentence for this request's query. `wanted` is what its form asks for, in words;
/// `min_length` is how long a password must be.
pub(crate) fn flash(request: &Request, wanted: &str, min_length: usize) -> Option<Flash> {
    let query = |name| request.query(name).unwrap_or_default();
    if (query("error"), query("notice")) == ("", "password_changed") {
        let text = "Your password has been changed. Sign in with the new one.".to_owned();
        return Some(Flash {
            text,
            role: "status",
        });
    }
    let text = match (query("error"), query("reason")) {
        ("", _) => return None,
        ("invalid_request", _) => format!("That did not look like {wanted}. Please check it."),
        ("weak_password", reason) => weak(reason, min_length),
        (error, reason) => sentence(error, reason).to_owned(),
    };
    Some(Flash {
        text,
        role: "alert",
    })
}

fn sentence(error: &str, reason: &str) -> &'static str {
    match (error, reason) {
        ("invalid_token", "expired") => "This link has expired. Ask for a new one.",
        ("invalid_token", "used") => "This link has been used already. Ask for a new one.",
        ("invalid_token", _) => "This link or code does not work. Try again, or ask for a new one.",
        ("invalid_credentials", _) => {
            "The address or the password is wrong. Check both and try again."
        }
        ("too_many_attempts", _) => "That was too often. Please wait a while, then try again.",
        ("unavailable", _) => "That did not work just now. Please try again in a moment.",
        _ => "That did not work. Please try again.",
    }
}

fn weak(reason: &str, min_length: usize) -> String {
    let why = WeakPassword::parse(reason, min_length).map(|weak| weak.to_string());
    format!(
        "This password cannot be used. {}",
        why.as_deref().unwrap_or("Choose another one.")
    )
}
