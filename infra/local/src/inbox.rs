//! The inbox: where SES would have delivered.

use crate::json::at;
use serde::Serialize;
use serde_json::Value;
use shared::clock::Clock;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A mail that was sent: what `GET /_local/inbox` shows.
#[derive(Clone, Debug, Serialize)]
pub struct ReceivedEmail {
    /// The recipient.
    pub to: String,
    /// The sender, as SES was given it.
    pub from: String,
    /// The subject.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The links of the plain part that carry a token.
    pub links: Vec<String>,
    /// The code of the plain part, as it stands there: `1234 5678`.
    pub code: Option<String>,
    /// RFC 3339.
    pub sent_at: String,
}

/// The mails of one portal, newest last.
pub(crate) struct Inbox {
    mails: Mutex<Vec<ReceivedEmail>>,
    clock: Clock,
    announce: bool,
}

impl Inbox {
    pub(crate) const fn new(clock: Clock, announce: bool) -> Self {
        Self {
            mails: Mutex::new(vec![]),
            clock,
            announce,
        }
    }

    /// Takes the body of an SES v2 `SendEmail`; says what is missing.
    pub(crate) fn deliver(&self, sent: &Value) -> Result<(), &'static str> {
        let content = at(sent, "/Content/Simple");
        let part = |part: &Value| at(part, "/Data").as_str().unwrap_or_default().to_owned();
        let to = at(sent, "/Destination/ToAddresses/0")
            .as_str()
            .ok_or("a recipient")?;
        let from = at(sent, "/FromEmailAddress").as_str().ok_or("a sender")?;
        let text = at(content, "/Body/Text/Data")
            .as_str()
            .ok_or("simple content with a plain-text body")?;
        let mail = ReceivedEmail {
            to: to.to_owned(),
            from: from.to_owned(),
            subject: part(at(content, "/Subject")),
            text: text.to_owned(),
            html: part(at(content, "/Body/Html")),
            links: links(text),
            code: text
                .lines()
                .map(str::trim)
                .find(|line| is_code(line))
                .map(str::to_owned),
            sent_at: self.clock.now().rfc3339(),
        };
        for link in &mail.links {
            self.say(&format!("email to {to}: {link}"));
        }
        self.lock().push(mail);
        Ok(())
    }

    pub(crate) fn mails(&self) -> Vec<ReceivedEmail> {
        self.lock().clone()
    }

    pub(crate) fn take(&self) -> Vec<ReceivedEmail> {
        std::mem::take(&mut self.lock())
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// Tells whoever started the portal, if they want to be told.
    #[expect(
        clippy::disallowed_macros,
        reason = "this is for the person at the terminal, not a log"
    )]
    pub(crate) fn say(&self, line: &str) {
        if self.announce {
            println!("{line}");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<ReceivedEmail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of the built-in pages, or of a frontend's that takes the token in its fragment.
fn links(text: &str) -> Vec<String> {
    let marks = [
        "/auth/verify/",
        "/auth/activate/",
        "/auth/reset-password/",
        "#token=",
    ];
    let carries_a_token =
        |word: &&str| word.starts_with("http") && marks.iter().any(|mark| word.contains(mark));
    text.split_whitespace()
        .filter(carries_a_token)
        .map(str::to_owned)
        .collect()
}

/// `\d{4} \d{4}`
fn is_code(line: &str) -> bool {
    let four = |part: &str| part.len() == 4 && part.bytes().all(|b| b.is_ascii_digit());
    line.split_once(' ')
        .is_some_and(|(one, other)| four(one) && four(other))
}
