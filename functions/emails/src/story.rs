//! The story of an email: all that happened to it, oldest first.

use serde::Serialize;
use shared::domain::client::ClientInfo;
use shared::domain::email::{DeliveryRecord, Redrive};
use shared::domain::language::Language;
use shared::domain::time::Timestamp;
use std::borrow::Cow;

#[derive(Serialize)]
pub(crate) struct StoryEvent<'a> {
    at: String,
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Cow<'a, str>>,
}

/// An event while the story is put together.
type Entry<'a> = (Timestamp, &'a str, Option<Cow<'a, str>>);

/// Returns the story of an email whose link was used at `used_at`. Events of the same time are in
/// the order in which they belong.
pub(crate) fn story(email: &DeliveryRecord, used_at: Option<Timestamp>) -> Vec<StoryEvent<'_>> {
    let mut entries: Vec<Entry<'_>> =
        vec![(email.requested_at, "requested", client(&email.client))];
    entries.extend(waiting(email));
    let template = || email.template.as_deref().map(Cow::from);
    entries.extend(email.claimed_at.map(|at| (at, "claimed", template())));
    for redrive in &email.redrives {
        entries.extend(undone(redrive));
        entries.push((redrive.at, "redriven", None));
    }
    entries.extend(end(email));
    // What the provider says follows from the sending, whatever its clock says.
    let sent_at = email.ended_at.filter(|_| email.stored_status == "sent");
    let sent_at = sent_at.or(email.claimed_at);
    let reported = email.events.iter().map(|event| {
        let order = sent_at.map_or(event.at, |sent_at| sent_at.max(event.at));
        (order, (event.at, event.kind.status(), words(&event.detail)))
    });
    let own = entries.into_iter().map(|entry| (entry.0, entry));
    let used = used_at.map(|at| (at, (at, "link-used", None)));
    let mut ordered: Vec<(Timestamp, Entry<'_>)> = own.chain(reported).chain(used).collect();
    // Stable: what happened at the same time stays in this order.
    ordered.sort_by_key(|(order, _)| *order);
    let shown = ordered
        .into_iter()
        .map(|(_, entry)| StoryEvent::from(entry));
    shown.collect()
}

impl<'a> From<Entry<'a>> for StoryEvent<'a> {
    fn from((at, event, detail): Entry<'a>) -> Self {
        Self {
            at: at.rfc3339(),
            event,
            detail,
        }
    }
}

/// Returns the browser and the IP address, or `None` if an administrator requested the email.
fn client(client: &ClientInfo) -> Option<Cow<'_, str>> {
    let shown = || format!("{}, {}", Language::English.client(client), client.ip);
    (!client.ip.is_empty()).then(|| shown().into())
}

fn waiting(email: &DeliveryRecord) -> Option<Entry<'_>> {
    let until = email.waits_until?;
    let at = email.postponed_at.unwrap_or(email.requested_at);
    Some((
        at,
        "waiting",
        Some(format!("until {}", until.rfc3339()).into()),
    ))
}

fn undone(redrive: &Redrive) -> Option<Entry<'_>> {
    let end = redrive.undone.as_ref()?;
    Some((end.at, &end.status, words(&end.reason)))
}

/// Returns the end that the mailer stored.
fn end(email: &DeliveryRecord) -> Option<Entry<'_>> {
    let detail = match email.stored_status.as_str() {
        "sent" => email.message_id.as_deref(),
        _ => email.stored_reason.as_deref(),
    };
    Some((
        email.ended_at?,
        &email.stored_status,
        detail.and_then(words),
    ))
}

fn words(text: &str) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then(|| text.into())
}
