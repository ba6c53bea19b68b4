//! `GET /admin/emails?status=held` lists the emails of the whole portal that can be sent again:
//! those that failed, were suppressed or throttled, until their links expire, and invitations that
//! wait for their budget.
//!
//! Takes the query parameters `limit` (1 to 100, 50 by default) and `after` (the `next` of the
//! previous page). Responds 200 `{emails, next?}`, each email with its `address` and story; those
//! that expire first come first, and those that wait come last. The list may lag behind for a
//! moment. `next` is sealed.

use crate::views::EmailWithStory;
use serde::Serialize;
use shared::admin::paging::{not_in_list, parse_limit};
use shared::app::App;
use shared::domain::email::OutboxKey;
use shared::domain::ids::{KeyedHash, RecordId};
use shared::domain::time::Timestamp;
use shared::http::response;
use shared::http::{Problem, Response};
use shared::store::outbox::HeldPosition;

#[derive(Serialize)]
struct HeldList<'a> {
    emails: Vec<EmailWithStory<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(crate) async fn list(
    app: &App,
    status: &str,
    [from, to, limit, after]: [Option<&str>; 4],
) -> Result<Response, Problem> {
    if status != "held" {
        return Err(Problem::invalid_field("status", |t| t.status_not_held));
    }
    if from.is_some() || to.is_some() {
        return Err(Problem::invalid_field("from", |t| t.not_of_held));
    }
    let limit = parse_limit(limit.unwrap_or("50"))?;
    let now = app.clock.now();
    let ring = app.keys.ring(now).await;
    let position = |cursor| parse_position(&ring.open_cursor(cursor)?);
    let after = after
        .map(|cursor| position(cursor).ok_or_else(not_in_list))
        .transpose()?;
    let page = app
        .store
        .list_held_emails(after.as_ref(), limit, now)
        .await?;
    let seal = |next| ring.seal_cursor(&show_position(next), app.random.bytes());
    let list = HeldList {
        emails: page
            .emails
            .iter()
            .map(|(_, email)| EmailWithStory::held(email))
            .collect(),
        next: page.next.as_ref().map(seal),
    };
    Ok(response::json(200, &list))
}

/// Returns `held` or `waiting`, with the key and the time of the email after which the page begins.
fn show_position(position: &HeldPosition) -> String {
    let shown = |list: &str, key: &OutboxKey, at: Timestamp| {
        format!("{list} {} {} {}", key.to, key.id.as_str(), at.millis())
    };
    match position {
        HeldPosition::Held(key, at) => shown("held", key, *at),
        HeldPosition::FirstWaiting => "waiting".to_owned(),
        HeldPosition::Waiting(key, at) => shown("waiting", key, *at),
    }
}

/// Parses what [`show_position`] returned. Other lists seal other positions.
fn parse_position(text: &str) -> Option<HeldPosition> {
    let parts: Vec<_> = text.split(' ').collect();
    let (list, to, id, at) = match parts.as_slice() {
        ["waiting"] => return Some(HeldPosition::FirstWaiting),
        [list, to, id, at] => (*list, to, id, at),
        _ => return None,
    };
    let key = OutboxKey {
        to: KeyedHash::parse(to)?,
        id: RecordId::parse(id)?,
    };
    let at = at.parse().map(Timestamp::from_millis).ok()?;
    match list {
        "held" => Some(HeldPosition::Held(key, at)),
        "waiting" => Some(HeldPosition::Waiting(key, at)),
        _ => None,
    }
}
