//! The inbox: the emails that functions sent through SES.

use crate::json::at;
use serde::Serialize;
use serde_json::Value;
use shared::clock::Clock;
use shared::domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An email that SES accepted, as `GET /_local/inbox` returns it.
#[derive(Clone, Debug, Serialize)]
pub struct ReceivedEmail {
    /// The number of the email, from 1. Emptying the inbox does not start anew.
    pub id: u64,
    /// The id that SES returned.
    pub message_id: String,
    pub to: String,
    pub from: String,
    pub subject: String,
    /// The headers that the function added.
    pub headers: BTreeMap<String, String>,
    /// The tags by which events of SES name the email.
    pub tags: BTreeMap<String, String>,
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

/// An email that was requested and not sent.
#[derive(Clone, Debug)]
pub(crate) struct UnsentEmail {
    pub(crate) to: String,
    /// The status in the delivery log, such as `dropped`.
    pub(crate) status: String,
    pub(crate) reason: String,
    /// The time at which it was noticed (RFC 3339).
    pub(crate) at: String,
}

/// The contents of an inbox, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Contents {
    pub(crate) emails: Vec<ReceivedEmail>,
    pub(crate) unsent: Vec<UnsentEmail>,
    /// The number of emails ever received.
    received: u64,
    changes: u64,
}

/// The emails of one portal.
pub(crate) struct Inbox {
    contents: Mutex<Contents>,
    clock: Clock,
    started: Timestamp,
    announce: bool,
}

impl Inbox {
    /// Returns an empty inbox, which prints links if `announce` is set.
    pub(crate) fn new(clock: Clock, announce: bool) -> Self {
        Self {
            contents: Mutex::default(),
            started: clock.now(),
            clock,
            announce,
        }
    }

    /// Adds the email in the body of an SES v2 `SendEmail` request, and returns it.
    ///
    /// # Errors
    /// The name of the part that the body lacks.
    pub(crate) fn deliver(
        &self,
        request: &Value,
        message_id: String,
    ) -> Result<ReceivedEmail, &'static str> {
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
        let mut email = ReceivedEmail {
            id: 0,
            message_id,
            to: to.to_owned(),
            from: from.to_owned(),
            subject: part(at(content, "/Subject")),
            headers: find_headers(content, at(request, "/ReplyToAddresses/0")),
            tags: find_tags(request)?,
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
        self.change(|contents| {
            contents.received += 1;
            email.id = contents.received;
            contents.emails.push(email.clone());
        });
        Ok(email)
    }

    /// Adds an email that was not sent.
    pub(crate) fn add_unsent(&self, to: String, status: &str, reason: &str) {
        self.announce(&format!("no email to {to}: {status} ({reason})"));
        let unsent = UnsentEmail {
            to,
            status: status.to_owned(),
            reason: reason.to_owned(),
            at: self.clock.now().rfc3339(),
        };
        self.change(|contents| contents.unsent.push(unsent));
    }

    pub(crate) fn contents(&self) -> Contents {
        self.lock().clone()
    }

    /// Returns the emails, leaving none.
    pub(crate) fn take(&self) -> Vec<ReceivedEmail> {
        self.change(|contents| {
            contents.unsent.clear();
            std::mem::take(&mut contents.emails)
        })
    }

    /// Returns a text that every change of these contents changes, and every start of a portal.
    pub(crate) fn version(&self, contents: &Contents) -> String {
        format!("{}-{}", self.started.millis(), contents.changes)
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

    fn change<T>(&self, change: impl FnOnce(&mut Contents) -> T) -> T {
        let mut contents = self.lock();
        contents.changes += 1;
        change(&mut contents)
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the headers of a message, by name. `reply_to` is the address for replies.
fn find_headers(content: &Value, reply_to: &Value) -> BTreeMap<String, String> {
    let headers = at(content, "/Headers").as_array().into_iter().flatten();
    let field = |header, pointer| at(header, pointer).as_str().unwrap_or_default().to_owned();
    let reply_to = reply_to.as_str();
    let reply_to = reply_to.map(|address| ("Reply-To".to_owned(), address.to_owned()));
    headers
        .map(|header| (field(header, "/Name"), field(header, "/Value")))
        .chain(reply_to)
        .collect()
}

/// Returns the tags of an email, by name.
///
/// # Errors
/// What SES misses in a tag of another form.
fn find_tags(request: &Value) -> Result<BTreeMap<String, String>, &'static str> {
    let tags = at(request, "/EmailTags").as_array().into_iter().flatten();
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let is_valid = |text: &str| (1..=256).contains(&text.len()) && text.chars().all(is_allowed);
    let pair = |tag| {
        let (name, value) = (at(tag, "/Name").as_str()?, at(tag, "/Value").as_str()?);
        let is_name = is_valid(name.strip_prefix("ses:").unwrap_or(name));
        (is_name && is_valid(value)).then(|| (name.to_owned(), value.to_owned()))
    };
    tags.map(pair)
        .collect::<Option<_>>()
        .ok_or("tags of letters, digits, underscores and hyphens")
}

/// Returns the links to the built-in pages, and those to a frontend's page with the token in the
/// fragment.
fn find_links(text: &str) -> Vec<String> {
    let marks = [
        "/auth/verify/",
        "/auth/activate/",
        "/auth/reset-password/",
        "/auth/report/",
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
