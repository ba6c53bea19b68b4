//! `GET /admin/users?prefix=&after=&limit=` lists users by address: 200 `{users, next?}`, 50 at a
//! time or as many as `limit` (1 to 100) says, fewer where they are large. `prefix` is the
//! beginning of the address; `after` is the `next` of the answer before. The list may be a moment
//! behind.
//!
//! `GET /admin/users/{id}` shows one: 200, and also when she last signed in, if she ever has, the
//! youngest 50 mails to her address, and the youngest 50 records each of her history and of her
//! address's, youngest first.

use crate::Admin;
use crate::user_view::UserView;
use serde::Serialize;
use shared::domain::audit::AuditRecord;
use shared::domain::email::DeliveryRecord;
use shared::domain::ids::UserId;
use shared::domain::user::User;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use std::collections::BTreeMap;

/// How much is shown of what has happened.
const YOUNGEST: u8 = 50;

#[derive(Serialize)]
struct List<'a> {
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
    audit: Vec<EventView<'a>>,
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
struct EventView<'a> {
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
    pub(crate) async fn list(&self, request: &Request) -> Result<Response, Problem> {
        let [prefix, after, limit] = request.query_params(["prefix", "after", "limit"])?;
        let (prefix, limit) = (
            read_prefix(prefix.unwrap_or_default())?,
            read_limit(limit.unwrap_or("50"))?,
        );
        let after = match after {
            Some(after) => Some(self.place(after, &prefix).await?),
            None => None,
        };
        let after = after.as_ref().map(|user| (&user.id, &user.address));
        let page = self.app.store.list_users(&prefix, after, limit).await?;
        let last = page.users.last().filter(|_| page.more);
        let users = page.users.iter().map(UserView::from).collect();
        Ok(response::json(
            200,
            &List {
                users,
                next: last.map(|user| user.id.as_str()),
            },
        ))
    }

    /// The user after whom the list goes on.
    async fn place(&self, after: &str, prefix: &str) -> Result<User, Problem> {
        let id = UserId::parse(after);
        let invalid = || {
            Problem::invalid_request("`after` does not match this list. Start from the first page.")
        };
        let user = self.app.store.find_user(&id.ok_or_else(invalid)?).await?;
        user.filter(|user| user.address.as_str().starts_with(prefix))
            .ok_or_else(invalid)
    }

    pub(crate) async fn one(&self, request: &Request) -> Result<Response, Problem> {
        let user = self.user(request).await?;
        let to = self
            .app
            .keys
            .ring(self.app.clock.now())
            .await
            .address_hash(&user.address);
        let (hers, addresses) = ((&user.id).into(), to.into());
        let (mails, hers, addresses) = tokio::join!(
            self.app.store.list_emails(&to, YOUNGEST),
            self.app.store.list_events(&hers, YOUNGEST),
            self.app.store.list_events(&addresses, YOUNGEST),
        );
        let (mails, mut past) = (mails?, hers?);
        past.extend(addresses?);
        past.sort_by_key(|past| std::cmp::Reverse(past.at));
        let one = UserDetails {
            user: UserView::from(&user),
            last_sign_in_at: user.last_sign_in_at.map(|at| at.rfc3339()),
            emails: mails.iter().map(EmailView::from).collect(),
            audit: past.iter().map(EventView::from).collect(),
        };
        Ok(response::json(200, &one))
    }
}

/// The beginning of an address, in the spelling that addresses are stored in.
fn read_prefix(text: &str) -> Result<String, Problem> {
    let part = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.@".contains(&b);
    let good = text.len() <= 254 && text.bytes().all(part);
    let invalid = || {
        Problem::invalid_request("`prefix` must be the beginning of an email address, in ASCII.")
    };
    good.then(|| text.to_ascii_lowercase()).ok_or_else(invalid)
}

fn read_limit(text: &str) -> Result<u8, Problem> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let limit = text
        .parse()
        .ok()
        .filter(|limit| digits && (1..=100).contains(limit));
    limit.ok_or_else(|| Problem::invalid_request("`limit` must be a whole number from 1 to 100."))
}

impl<'a> From<&'a DeliveryRecord> for EmailView<'a> {
    fn from(mail: &'a DeliveryRecord) -> Self {
        Self {
            id: mail.id.as_str(),
            kind: &mail.kind,
            template: mail.template.as_deref(),
            status: &mail.status,
            reason: mail.reason.as_deref(),
            message_id: mail.message_id.as_deref(),
            requested_at: mail.requested_at.rfc3339(),
            ended_at: mail.ended_at.map(|at| at.rfc3339()),
            attempts: mail.attempts,
        }
    }
}

impl<'a> From<&'a AuditRecord> for EventView<'a> {
    fn from(past: &'a AuditRecord) -> Self {
        Self {
            action: &past.action,
            resource: TargetView {
                kind: &past.target.0,
                id: &past.target.1,
            },
            metadata: &past.metadata,
            ip: &past.client.ip,
            client: past.client.in_words(),
            at: past.at.rfc3339(),
        }
    }
}
