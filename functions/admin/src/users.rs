//! `GET /admin/users` lists users by address.
//!
//! Takes the query parameters `prefix` (the start of the address), `limit` (1 to 100, 50 by
//! default) and `after` (the `next` of the previous page). Responds 200 `{users, next?}`, with
//! fewer users than `limit` where they are large. The list may lag behind for a moment. `next` is
//! sealed: no address may be in a URL. It works whatever happens to the last user of its page.
//!
//! `GET /admin/users/{id}` returns one user: 200 with `last_sign_in_at?`, the newest 50 emails to
//! their address, up to 50 audit records each of the user and of their address, newest first, all
//! live sessions and the 50 that ended last.

use crate::Admin;
use crate::record_views::AuditRecordView;
use crate::session_views::{SessionSources, SessionView};
use crate::user_view::UserView;
use serde::Serialize;
use shared::admin::paging::{not_in_list, parse_limit};
use shared::admin::{EmailView, no_such_user, user_id};
use shared::domain::address::EmailAddress;
use shared::domain::audit::Subject;
use shared::domain::characters::is_invisible;
use shared::domain::ids::UserId;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::keys::KeyRing;
use shared::store::{EventFilter, HistoryRange};

/// The number of emails, and of audit records, that are shown of a user.
const MAX_RECORDS: u8 = 50;

#[derive(Serialize)]
struct UserList<'a> {
    users: Vec<UserView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
struct UserDetails<'a> {
    #[serde(flatten)]
    user: UserView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sign_in_at: Option<String>,
    sessions: Vec<SessionView<'a>>,
    emails: Vec<EmailView<'a>>,
    audit: Vec<AuditRecordView<'a>>,
}

impl Admin<'_> {
    pub(crate) async fn list_users(&self, request: &Request) -> Result<Response, Problem> {
        let [prefix, after, limit] = request.query_params(["prefix", "after", "limit"])?;
        let prefix = parse_prefix(prefix.unwrap_or_default())?;
        let limit = parse_limit(limit.unwrap_or("50"))?;
        let ring = self.app.keys.ring(self.app.clock.now()).await;
        let after = after
            .map(|cursor| parse_cursor(&ring, cursor, &prefix).ok_or_else(not_in_list))
            .transpose()?;
        let after = after.as_ref().map(|(id, address)| (id, address));
        let page = self.app.store.list_users(&prefix, after, limit).await?;
        let last = page.users.last().filter(|_| page.more);
        let next = last.map(|user| {
            let position = format!("{} {}", user.id, user.address);
            ring.seal_cursor(&position, self.app.random.bytes())
        });
        let list = UserList {
            users: page.users.iter().map(UserView::from).collect(),
            next,
        };
        Ok(response::json(200, &list))
    }

    pub(crate) async fn get_user(&self, request: &Request) -> Result<Response, Problem> {
        let id = user_id(request)?;
        let store = &self.app.store;
        let (user, stored) = tokio::join!(store.find_user(&id), store.list_sessions(&id));
        let (user, stored) = (user?.ok_or_else(no_such_user)?, stored?);
        let now = self.app.clock.now();
        let ring = self.app.keys.ring(now).await;
        let address = ring.address_hash(&user.address);
        let newest = HistoryRange::newest(MAX_RECORDS);
        let of_user = Subject::User(user.id.clone());
        let of_address = Subject::Address(address);
        // After the stored sessions: all those that had been deleted by then have a record.
        let (emails, user_records, address_records, session_records) = tokio::join!(
            store.list_emails(&address, &newest),
            store.list_events(&of_user, None, &newest),
            store.list_events(&of_address, None, &newest),
            store.list_events(&of_user, Some(EventFilter::Sessions), &newest),
        );
        let (emails, _) = emails?.cut(MAX_RECORDS);
        let (mut records, _) = user_records?.cut(MAX_RECORDS);
        records.extend(address_records?.cut(MAX_RECORDS).0);
        records.sort_by_key(|record| std::cmp::Reverse(record.at));
        let sessions = SessionSources {
            user: &user,
            stored: &stored,
            records: &session_records?.into_records(),
            portal: &self.app.config.portal,
            rules: &self.app.config.sessions,
            now,
        };
        let details = UserDetails {
            user: UserView::from(&user),
            last_sign_in_at: user.last_sign_in_at.map(|at| at.rfc3339()),
            sessions: sessions.views(),
            emails: emails.iter().map(EmailView::from).collect(),
            audit: records.iter().map(AuditRecordView::from).collect(),
        };
        Ok(response::json(200, &details))
    }
}

/// Returns the position in a cursor: the id and the address of the last user of its page, who need
/// not have them any more. Returns `None` where it is not a cursor of a list for `prefix`.
fn parse_cursor(ring: &KeyRing, cursor: &str, prefix: &str) -> Option<(UserId, EmailAddress)> {
    let position = ring.open_cursor(cursor)?;
    let (id, address) = position.split_once(' ')?;
    let address = EmailAddress::parse(address)?;
    let is_in_list = address.as_str().starts_with(prefix);
    is_in_list.then_some((UserId::parse(id)?, address))
}

/// Parses the start of an address, and returns it in the lower case that addresses are stored in.
/// White space and invisible characters around it are ignored, as around an address.
fn parse_prefix(text: &str) -> Result<String, Problem> {
    let text = text.trim_matches(is_invisible);
    let is_valid = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.@".contains(&b);
    if text.len() <= 254 && text.bytes().all(is_valid) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Problem::invalid_field("prefix", |t| t.prefix_invalid))
}
