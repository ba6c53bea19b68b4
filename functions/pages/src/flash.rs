//! Flash messages: the sentence that a page shows after a redirect to it. All sentences are those
//! of the language; nothing from the query is shown.

use crate::filters::{escape, put};
use shared::domain::language::Language;
use shared::domain::language::sentences::PageSentences;
use shared::domain::password::WeakPassword;
use shared::http::Request;
use shared::http::form_error::FormError;
use shared::http::problem::weak_password;

/// The longest wait that a page counts down, in seconds.
const MAX_WAIT: u64 = 3600;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlashKind {
    Error,
    Success,
}

impl FlashKind {
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Success => "success",
        }
    }

    /// Returns the ARIA role.
    pub(crate) const fn role(self) -> &'static str {
        match self {
            Self::Error => "alert",
            Self::Success => "status",
        }
    }

    /// Returns the text alternative of the icon.
    pub(crate) const fn label(self, t: &PageSentences) -> &'static str {
        match self {
            Self::Error => t.error,
            Self::Success => t.success,
        }
    }

    /// Returns the path of the icon: an exclamation mark, or a check mark.
    pub(crate) const fn icon(self) -> &'static str {
        match self {
            Self::Error => "M10 5v6m0 3v.5",
            Self::Success => "M6 10.5l3 3 5-6.5",
        }
    }
}

pub(crate) struct Flash {
    pub(crate) kind: FlashKind,
    /// The sentence as HTML.
    pub(crate) html: String,
    /// Id of the input that must be corrected.
    pub(crate) field: &'static str,
    /// Number of seconds until the form may be sent again.
    pub(crate) wait: Option<u64>,
}

impl Flash {
    /// Returns the message that the query of `request` asks for, if it does. `min_length` is that
    /// of a password, in characters.
    pub(crate) fn new(request: &Request, language: Language, min_length: usize) -> Option<Self> {
        let t = language.pages();
        let Some(error) = FormError::from_query(|name| request.query(name)) else {
            return notice(request.query("notice")?, t);
        };
        if let FormError::TooManyAttempts(seconds) = error {
            return Some(too_many_attempts(seconds, t));
        }
        let (field, text) = match error {
            FormError::InvalidRequest(field) => invalid_field(field, t),
            FormError::WrongCode(0) => ("code", t.no_attempts_left.to_owned()),
            FormError::WrongCode(left) => ("code", t.attempts_left.0(left.into())),
            FormError::WeakPassword(reason) => {
                let weak = WeakPassword::parse(reason, min_length);
                let reason = weak.map(|weak| weak_password(weak, language.api()));
                let text = format!("{} {}", t.choose_password, reason.unwrap_or_default());
                ("password", text.trim_end().to_owned())
            }
            FormError::InvalidCredentials => ("password", t.wrong_credentials.to_owned()),
            FormError::InvalidToken => ("", t.token_invalid.to_owned()),
            FormError::ExpiredToken => ("", t.token_expired.to_owned()),
            FormError::UsedToken => ("", t.token_used.to_owned()),
            FormError::NotFound => ("", t.no_session.to_owned()),
            FormError::Unavailable => ("", t.try_later.to_owned()),
            FormError::TooManyAttempts(_) | FormError::Unknown => ("", t.unknown_error.to_owned()),
        };
        Some(Self::error(field, &text))
    }

    /// Returns the message with another sentence.
    pub(crate) fn set_text(&mut self, text: &str) {
        self.html = escape(text);
    }

    /// Creates the message of a failure that `field` may correct, empty for none.
    pub(crate) fn error(field: &'static str, text: &str) -> Self {
        Self {
            kind: FlashKind::Error,
            html: escape(text),
            field,
            wait: None,
        }
    }
}

fn notice(name: &str, t: &PageSentences) -> Option<Flash> {
    let text = match name {
        "password-changed" => t.password_changed,
        "session-ended" => t.session_ended,
        "sessions-ended" => t.sessions_ended,
        "confirmed" => t.confirmed,
        _ => return None,
    };
    Some(Flash {
        kind: FlashKind::Success,
        html: escape(text),
        field: "",
        wait: None,
    })
}

fn invalid_field(field: &str, t: &PageSentences) -> (&'static str, String) {
    let (field, text) = match field {
        "email" => ("email", t.check_email),
        "name" => ("name", t.check_name),
        "password" => ("password", t.check_password),
        "current" => ("current", t.check_password),
        "code" => ("code", t.check_code),
        _ => ("", t.check_fields),
    };
    (field, text.to_owned())
}

/// Says how long to wait. A script counts down.
fn too_many_attempts(seconds: u64, t: &PageSentences) -> Flash {
    let is_known = (1..=MAX_WAIT).contains(&seconds);
    if !is_known {
        return Flash::error("", t.wait_a_while);
    }
    let time = format!("<time>{}:{:02}</time>", seconds / 60, seconds % 60);
    Flash {
        html: put(&escape(t.too_many_attempts), &time),
        wait: Some(seconds),
        ..Flash::error("", "")
    }
}
