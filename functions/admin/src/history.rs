//! `GET /admin/users/{id}/audit` lists the audit records of a user and of their address, newest
//! first. `GET /admin/users/{id}/emails` lists the emails to their address.
//!
//! Take the query parameters `from` and `to` (times; `to` is not included), `limit` (1 to 100, 50
//! by default) and `after` (the `next` of the previous page); `audit` also takes `action`, as a
//! record has it. Respond 200 `{audit, next?}` and `{emails, next?}`. A page for one `action` may
//! have fewer records than `limit`, or none, although there is a `next`.

use crate::Admin;
use crate::paging::{not_in_list, parse_limit};
use crate::record_views::{AuditRecordView, EmailView};
use serde::Serialize;
use shared::domain::audit::Subject;
use shared::domain::ids::RecordId;
use shared::domain::language::sentences::fill;
use shared::domain::time::Timestamp;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::store::{EventFilter, HistoryRange};

const MAX_ACTION_CHARS: usize = 100;

#[derive(Serialize)]
struct AuditPage<'a> {
    audit: Vec<AuditRecordView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct EmailPage<'a> {
    emails: Vec<EmailView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

impl Admin<'_> {
    pub(crate) async fn list_audit(&self, request: &Request) -> Result<Response, Problem> {
        let names = ["from", "to", "limit", "after", "action"];
        let [from, to, limit, after, action] = request.query_params(names)?;
        let range = parse_range(from, to, limit, after)?;
        let action = action.map(parse_action).transpose()?;
        let filter = action.map(EventFilter::Action);
        let user = self.find_user(request).await?;
        let ring = self.app.keys.ring(self.app.clock.now()).await;
        let of_user = Subject::User(user.id);
        let of_address = Subject::Address(ring.address_hash(&user.address));
        let store = &self.app.store;
        let (of_user, of_address) = tokio::join!(
            store.list_events(&of_user, filter, &range),
            store.list_events(&of_address, filter, &range),
        );
        let (records, next) = of_user?.merge(of_address?).cut(range.limit);
        let page = AuditPage {
            audit: records.iter().map(AuditRecordView::from).collect(),
            next: next.as_ref().map(RecordId::as_str),
        };
        Ok(response::json(200, &page))
    }

    pub(crate) async fn list_emails(&self, request: &Request) -> Result<Response, Problem> {
        let [from, to, limit, after] = request.query_params(["from", "to", "limit", "after"])?;
        let range = parse_range(from, to, limit, after)?;
        let user = self.find_user(request).await?;
        let ring = self.app.keys.ring(self.app.clock.now()).await;
        let address = ring.address_hash(&user.address);
        let page = self.app.store.list_emails(&address, &range).await?;
        let (emails, next) = page.cut(range.limit);
        let page = EmailPage {
            emails: emails.iter().map(EmailView::from).collect(),
            next: next.as_ref().map(RecordId::as_str),
        };
        Ok(response::json(200, &page))
    }
}

/// Parses the records to list. Fails with 400 where `from` is not before `to`, or `after` is not
/// between them.
fn parse_range(
    from: Option<&str>,
    to: Option<&str>,
    limit: Option<&str>,
    after: Option<&str>,
) -> Result<HistoryRange, Problem> {
    let all = HistoryRange::newest(parse_limit(limit.unwrap_or("50"))?);
    let from = from.map(|from| parse_time("from", from)).transpose()?;
    let to = to.map(|to| parse_time("to", to)).transpose()?;
    let from = from.unwrap_or(all.from);
    let to = to.unwrap_or(all.until);
    if from >= to {
        return Err(Problem::invalid_field("from", |t| t.from_after_to));
    }
    let until = match after {
        None => to,
        Some(after) => RecordId::parse(after)
            .filter(|after| (&from..=&to).contains(&after))
            .ok_or_else(not_in_list)?,
    };
    Ok(HistoryRange { from, until, ..all })
}

/// Parses a time, and returns the id before all records of that time and later.
fn parse_time(name: &'static str, text: &str) -> Result<RecordId, Problem> {
    let time = Timestamp::parse_rfc3339(text);
    time.map(RecordId::first_at)
        .ok_or_else(|| Problem::invalid_field(name, move |t| fill(t.not_a_time, &[("name", name)])))
}

fn parse_action(text: &str) -> Result<&str, Problem> {
    let is_valid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
    if (1..=MAX_ACTION_CHARS).contains(&text.len()) && text.bytes().all(is_valid) {
        return Ok(text);
    }
    Err(Problem::invalid_field("action", |t| t.action_invalid))
}
