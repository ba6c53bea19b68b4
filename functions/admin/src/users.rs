//! `GET /admin/users` lists users by address.
//!
//! Takes the query parameters `prefix` (the start of the address), `limit` (1 to 100, 50 by
//! default) and `after` (the `next` of the previous page). Responds 200 `{users, next?}`, with
//! fewer users than `limit` where they are large. The list may lag behind for a moment.
//!
//! `GET /admin/users/{id}` returns one user: 200 with `last_sign_in_at?`, the newest 50 emails to
//! their address, and up to 50 audit records each of the user and of their address, newest first.

use crate::Admin;
use crate::user_view::UserView;
use serde::Serialize;
use shared::domain::audit::{AuditRecord, Subject};
use shared::domain::email::DeliveryRecord;
use shared::domain::ids::UserId;
use shared::domain::user::User;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use std::collections::BTreeMap;

/// The number of emails, and of audit records, that are shown of a user.
const MAX_RECORDS: u8 = 50;

#[derive(Serialize)]
struct UserList<'a> {
    users: Vec<UserView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct UserDetails<'a> {
    #[serde(flatten)]
    user: UserView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sign_in_at: Option<String>,
    emails: Vec<EmailView<'a>>,
    audit: Vec<AuditRecordView<'a>>,
}

#[derive(Serialize)]
struct EmailView<'a> {
    id: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a str>,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    requested_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    attempts: u64,
}

#[derive(Serialize)]
struct AuditRecordView<'a> {
    action: &'a str,
    resource: TargetView<'a>,
    metadata: &'a BTreeMap<String, String>,
    ip: &'a str,
    client: String,
    at: String,
}

#[derive(Serialize)]
struct TargetView<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: &'a str,
}

impl Admin<'_> {
    pub(crate) async fn list_users(&self, request: &Request) -> Result<Response, Problem> {
        let [prefix, after, limit] = request.query_params(["prefix", "after", "limit"])?;
        let prefix = parse_prefix(prefix.unwrap_or_default())?;
        let limit = parse_limit(limit.unwrap_or("50"))?;
        let last_before = match after {
            Some(after) => Some(self.last_of_page(after, &prefix).await?),
            None => None,
        };
        let after = last_before.as_ref().map(|user| (&user.id, &user.address));
        let page = self.app.store.list_users(&prefix, after, limit).await?;
        let last = page.users.last().filter(|_| page.more);
        let list = UserList {
            users: page.users.iter().map(UserView::from).collect(),
            next: last.map(|user| user.id.as_str()),
        };
        Ok(response::json(200, &list))
    }

    /// Finds the user that the previous page ended with. Fails with 400 where the user is not in
    /// the list for `prefix`.
    async fn last_of_page(&self, after: &str, prefix: &str) -> Result<User, Problem> {
        let invalid = || {
            Problem::invalid_request("`after` does not match this list. Start from the first page.")
        };
        let id = UserId::parse(after).ok_or_else(invalid)?;
        let user = self.app.store.find_user(&id).await?;
        user.filter(|user| user.address.as_str().starts_with(prefix))
            .ok_or_else(invalid)
    }

    pub(crate) async fn get_user(&self, request: &Request) -> Result<Response, Problem> {
        let user = self.find_user(request).await?;
        let ring = self.app.keys.ring(self.app.clock.now()).await;
        let address = ring.address_hash(&user.address);
        let store = &self.app.store;
        let of_user = Subject::User(user.id.clone());
        let of_address = Subject::Address(address);
        let (emails, user_records, address_records) = tokio::join!(
            store.list_emails(&address, MAX_RECORDS),
            store.list_events(&of_user, MAX_RECORDS),
            store.list_events(&of_address, MAX_RECORDS),
        );
        let emails = emails?;
        let mut records = user_records?;
        records.extend(address_records?);
        records.sort_by_key(|record| std::cmp::Reverse(record.at));
        let details = UserDetails {
            user: UserView::from(&user),
            last_sign_in_at: user.last_sign_in_at.map(|at| at.rfc3339()),
            emails: emails.iter().map(EmailView::from).collect(),
            audit: records.iter().map(AuditRecordView::from).collect(),
        };
        Ok(response::json(200, &details))
    }
}

/// Parses the start of an address, and returns it in the lower case that addresses are stored in.
fn parse_prefix(text: &str) -> Result<String, Problem> {
    let is_valid = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.@".contains(&b);
    if text.len() <= 254 && text.bytes().all(is_valid) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Problem::invalid_request(
        "`prefix` must be the beginning of an email address, in ASCII.",
    ))
}

fn parse_limit(text: &str) -> Result<u8, Problem> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    let limit = text.parse().ok().filter(|_| is_number);
    limit
        .filter(|limit| (1..=100).contains(limit))
        .ok_or_else(|| Problem::invalid_request("`limit` must be a whole number from 1 to 100."))
}

impl<'a> From<&'a DeliveryRecord> for EmailView<'a> {
    fn from(email: &'a DeliveryRecord) -> Self {
        Self {
            id: email.id.as_str(),
            kind: &email.kind,
            template: email.template.as_deref(),
            status: &email.status,
            reason: email.reason.as_deref(),
            message_id: email.message_id.as_deref(),
            requested_at: email.requested_at.rfc3339(),
            ended_at: email.ended_at.map(|at| at.rfc3339()),
            attempts: email.attempts,
        }
    }
}

impl<'a> From<&'a AuditRecord> for AuditRecordView<'a> {
    fn from(record: &'a AuditRecord) -> Self {
        Self {
            action: &record.action,
            resource: TargetView {
                kind: &record.target.0,
                id: &record.target.1,
            },
            metadata: &record.metadata,
            ip: &record.client.ip,
            client: record.client.in_words(),
            at: record.at.rfc3339(),
        }
    }
}
