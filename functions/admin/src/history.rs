//! `GET /admin/users/{id}/audit` lists the audit records of a user and of their address, newest
//! first.
//!
//! Takes the query parameters `from` and `to` (times; `to` is not included), `limit` (1 to 100, 50
//! by default), `after` (the `next` of the previous page) and `action`, as a record has it.
//! Responds 200 `{audit, next?}`. A page for one `action` may have fewer records than `limit`, or
//! none, although there is a `next`.

use crate::Admin;
use crate::record_views::AuditRecordView;
use serde::Serialize;
use shared::admin::paging::parse_range;
use shared::domain::audit::Subject;
use shared::domain::ids::RecordId;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::store::EventFilter;

const MAX_ACTION_CHARS: usize = 100;

#[derive(Serialize)]
struct AuditPage<'a> {
    audit: Vec<AuditRecordView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

impl Admin<'_> {
    pub(crate) async fn list_audit(&self, request: &Request) -> Result<Response, Problem> {
        let names = ["from", "to", "limit", "after", "action"];
        let [from, to, limit, after, action] = request.query_params(names)?;
        let range = parse_range([from, to, limit, after])?;
        let action = action.map(parse_action).transpose()?;
        let filter = action.map(EventFilter::Action);
        let user = self.app.find_user_in_path(request).await?;
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
}

fn parse_action(text: &str) -> Result<&str, Problem> {
    let is_valid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
    if (1..=MAX_ACTION_CHARS).contains(&text.len()) && text.bytes().all(is_valid) {
        return Ok(text);
    }
    Err(Problem::invalid_field("action", |t| t.action_invalid))
}
