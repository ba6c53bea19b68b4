//! The inbox: the emails that functions sent through SES.

use crate::json::at;
use serde::Serialize;
use serde_json::Value;
use shared::clock::Clock;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An email that was sent, as `GET /_local/inbox` returns it.
#[derive(Clone, Debug, Serialize)]
pub struct ReceivedEmail {
    pub to: String,
    pub from: String,
    pub subject: String,
    /// The headers that the function added.
    pub headers: BTreeMap<String, String>,
    /// The plain-text part of the body.
    pub text: String,
    /// The HTML part of the body.
    pub html: String,
    /// The links in the plain text that carry a token.
    pub links: Vec<String>,
    /// The code in the plain text, as it is written there: `1234 5678`.
    pub code: Option<String>,
    /// The time at which the email was sent (RFC 3339).
    pub sent_at: String,
}

/// The emails of one portal, oldest first.
pub(crate) struct Inbox {
    emails: Mutex<Vec<ReceivedEmail>>,
    clock: Clock,
    announce: bool,
}

impl Inbox {
    /// Returns an empty inbox, which prints links if `announce` is set.
    pub(crate) const fn new(clock: Clock, announce: bool) -> Self {
        Self {
            emails: Mutex::new(vec![]),
            clock,
            announce,
        }
    }

    /// Adds the email in the body of an SES v2 `SendEmail` request.
    ///
    /// # Errors
    /// The name of the part that the body lacks.
    pub(crate) fn deliver(&self, request: &Value) -> Result<(), &'static str> {
        let content = at(request, "/Content/Simple");
        let part = |part: &Value| at(part, "/Data").as_str().unwrap_or_default().to_owned();
        let to = at(request, "/Destination/ToAddresses/0")
            .as_str()
            .ok_or("a recipient")?;
        let from = at(request, "/FromEmailAddress")
            .as_str()
            .ok_or("a sender")?;
        let text = at(content, "/Body/Text/Data")
            .as_str()
            .ok_or("simple content with a plain-text body")?;
        let email = ReceivedEmail {
            to: to.to_owned(),
            from: from.to_owned(),
            subject: part(at(content, "/Subject")),
            headers: find_headers(content),
            text: text.to_owned(),
            html: part(at(content, "/Body/Html")),
            links: find_links(text),
            code: text
                .lines()
                .map(str::trim)
                .find(|line| is_code(line))
                .map(str::to_owned),
            sent_at: self.clock.now().rfc3339(),
        };
        for link in &email.links {
            self.announce(&format!("email to {to}: {link}"));
        }
        self.lock().push(email);
        Ok(())
    }

    pub(crate) fn emails(&self) -> Vec<ReceivedEmail> {
        self.lock().clone()
    }

    /// Returns all emails, leaving none.
    pub(crate) fn take(&self) -> Vec<ReceivedEmail> {
        std::mem::take(&mut self.lock())
    }

    /// Prints a line on standard output, if the portal was started with `announce`.
    #[expect(
        clippy::disallowed_macros,
        reason = "this is for the person at the terminal, not a log"
    )]
    pub(crate) fn announce(&self, line: &str) {
        if self.announce {
            println!("{line}");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<ReceivedEmail>> {
        self.emails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the headers of a message, by name.
fn find_headers(content: &Value) -> BTreeMap<String, String> {
    let headers = at(content, "/Headers").as_array().into_iter().flatten();
    let field = |header, pointer| at(header, pointer).as_str().unwrap_or_default().to_owned();
    headers
        .map(|header| (field(header, "/Name"), field(header, "/Value")))
        .collect()
}

/// Returns the links to the built-in pages, and those to a frontend's page with the token in the
/// fragment.
fn find_links(text: &str) -> Vec<String> {
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

/// Returns whether a line is a code: `\d{4} \d{4}`.
fn is_code(line: &str) -> bool {
    let four_digits = |part: &str| part.len() == 4 && part.bytes().all(|b| b.is_ascii_digit());
    line.split_once(' ')
        .is_some_and(|(first, second)| four_digits(first) && four_digits(second))
}
