//! `vestibule emails show`: the story of each email, for reading out.

use super::sentences::{event, kind, status};
use super::view::{Email, Event, Page, Suppression, Time};
use shared::domain::language::Language;

pub(super) fn text(address: &str, page: &Page) -> String {
    let mut parts = vec![suppression(address, page.suppression.as_ref())];
    if page.emails.is_empty() {
        parts.push("No email to this address has been requested.".to_owned());
    }
    parts.extend(page.emails.iter().map(story));
    if page.next.is_some() {
        parts.push("There are older emails. Show more with --limit.".to_owned());
    }
    parts.join("\n\n")
}

fn suppression(address: &str, suppression: Option<&Suppression>) -> String {
    let Some(Suppression {
        since,
        reason,
        detail,
    }) = suppression
    else {
        return format!("{address} is not suppressed: emails to it are sent.");
    };
    let why = match reason.as_str() {
        "complaint" => "the recipient marked an email as spam",
        _ => "an email to it bounced for good",
    };
    let since = Language::English.moment(since.0);
    let words = quoted(detail);
    format!(
        "{address} is suppressed: since {since} nothing is sent to it, because {why}{words}.\n\
         When the mailbox works: vestibule emails lift {address}"
    )
}

/// Returns the provider's words in parentheses, if there are any.
fn quoted(words: &str) -> String {
    match words {
        "" => String::new(),
        words => format!(" ({words})"),
    }
}

fn story(email: &Email) -> String {
    let requested_at = Language::English.moment(email.requested_at.0);
    let heading = format!(
        "{} from {requested_at}: {}.",
        kind(&email.kind),
        status(&email.status)
    );
    let events = email.story.iter().map(|event| line(email, event));
    let id = format!("  ID {}", email.id);
    let lines: Vec<_> = std::iter::once(heading).chain(events).chain([id]).collect();
    lines.join("\n")
}

/// Returns the time of day with a sentence; and the date, if it is not that of the request.
fn line(email: &Email, shown: &Event) -> String {
    let date = |Time(at)| {
        let moment = Language::English.moment(at);
        let date = moment.split(" at ").next().unwrap_or_default();
        date.to_owned()
    };
    let on = date(shown.at);
    let on = if on == date(email.requested_at) {
        String::new()
    } else {
        format!("{on}, ")
    };
    let Time(at) = shown.at;
    let [_, _, _, hour, minute] = at.parts();
    let second = at.secs() % 60;
    let sentence = event(&email.kind, &shown.event, &shown.detail);
    format!("  {on}{hour:02}:{minute:02}:{second:02}  {sentence}")
}
