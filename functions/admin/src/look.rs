//! `GET /admin/users?prefix=&after=&limit=` lists users by address: 200 `{users, next?}`, 50 at a
//! time or as many as `limit` (1 to 100) says, fewer where they are large. `prefix` is the
//! beginning of the address; `after` is the `next` of the answer before. The list may be a moment
//! behind.
//!
//! `GET /admin/users/{id}` shows one: 200, and also when she last signed in, if she ever has, the
//! youngest 50 mails to her address, and the youngest 50 records each of her history and of her
//! address's, youngest first.

use crate::Admin;
use crate::user::Shown;
use serde::Serialize;
use shared::domain::audit::Past;
use shared::domain::ids::UserId;
use shared::domain::mail::Delivery;
use shared::domain::user::User;
use shared::http::reply::Reply;
use shared::http::{Problem, Request, Response};
use std::collections::BTreeMap;

/// How much is shown of what has happened.
const YOUNGEST: u8 = 50;

#[derive(Serialize)]
struct List<'a> {
    users: Vec<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct One<'a> {
    #[serde(flatten)]
    user: Shown<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sign_in_at: Option<String>,
    mail: Vec<ShownMail<'a>>,
    audit: Vec<ShownPast<'a>>,
}

#[derive(Serialize)]
struct ShownMail<'a> {
    id: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    letter: Option<&'a str>,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    asked_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    attempts: u64,
}

#[derive(Serialize)]
struct ShownPast<'a> {
    action: &'a str,
    resource: ShownResource<'a>,
    metadata: &'a BTreeMap<String, String>,
    ip: &'a str,
    client: String,
    at: String,
}

#[derive(Serialize)]
struct ShownResource<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: &'a str,
}

impl Admin<'_> {
    pub(crate) async fn list(&self, request: &Request) -> Result<Response, Problem> {
        let [prefix, after, limit] = request.only_query(["prefix", "after", "limit"])?;
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
        let users = page.users.iter().map(Shown::from).collect();
        Ok(Reply::json(
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
        let invalid =
            || Problem::invalid_request("`after` is no place in this list any more: begin again.");
        let user = self.app.store.user(&id.ok_or_else(invalid)?).await?;
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
            .mailbox(&user.address);
        let (hers, addresses) = ((&user.id).into(), to.into());
        let (mails, hers, addresses) = tokio::join!(
            self.app.store.deliveries(&to, YOUNGEST),
            self.app.store.history(&hers, YOUNGEST),
            self.app.store.history(&addresses, YOUNGEST),
        );
        let (mails, mut past) = (mails?, hers?);
        past.extend(addresses?);
        past.sort_by_key(|past| std::cmp::Reverse(past.at));
        let one = One {
            user: Shown::from(&user),
            last_sign_in_at: user.last_sign_in_at.map(|at| at.rfc3339()),
            mail: mails.iter().map(ShownMail::from).collect(),
            audit: past.iter().map(ShownPast::from).collect(),
        };
        Ok(Reply::json(200, &one))
    }
}

/// The beginning of an address, in the spelling that addresses are stored in.
fn read_prefix(text: &str) -> Result<String, Problem> {
    let part = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.@".contains(&b);
    let good = text.len() <= 254 && text.bytes().all(part);
    let invalid =
        || Problem::invalid_request("`prefix` must be the beginning of a mail address, in ASCII.");
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

impl<'a> From<&'a Delivery> for ShownMail<'a> {
    fn from(mail: &'a Delivery) -> Self {
        Self {
            id: mail.id.as_str(),
            kind: &mail.kind,
            letter: mail.letter.as_deref(),
            status: &mail.status,
            reason: mail.reason.as_deref(),
            message_id: mail.message_id.as_deref(),
            asked_at: mail.asked_at.rfc3339(),
            ended_at: mail.ended_at.map(|at| at.rfc3339()),
            attempts: mail.attempts,
        }
    }
}

impl<'a> From<&'a Past> for ShownPast<'a> {
    fn from(past: &'a Past) -> Self {
        Self {
            action: &past.action,
            resource: ShownResource {
                kind: &past.resource.0,
                id: &past.resource.1,
            },
            metadata: &past.metadata,
            ip: &past.client.ip,
            client: past.client.in_words(),
            at: past.at.rfc3339(),
        }
    }
}
