//! `GET /admin/emails?address=` lists the emails to an address with their stories, newest first,
//! and says whether the address is suppressed. `GET /admin/users/{id}/emails` lists those to a
//! user's address. `GET /admin/emails?status=held` is in `held.rs`.
//!
//! Take the query parameters `from` and `to` (times; `to` is not included), `limit` (1 to 100, 50
//! by default) and `after` (the `next` of the previous page). Respond 200 `{emails, suppression,
//! next?}` and `{emails, next?}`, or 404 `not-found` for the id of no user.

use crate::held;
use crate::views::{EmailPage, Found, SuppressionView};
use shared::admin::paging::parse_range;
use shared::app::App;
use shared::domain::address::EmailAddress;
use shared::domain::ids::KeyedHash;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::store::{HistoryRange, Unavailable};

pub(crate) async fn list(app: &App, request: &Request) -> Result<Response, Problem> {
    let names = ["address", "status", "from", "to", "limit", "after"];
    let [address, status, from, to, limit, after] = request.query_params(names)?;
    let address = match (address, status) {
        (Some(address), None) => address,
        (None, Some(status)) => return held::list(app, status, [from, to, limit, after]).await,
        _ => return Err(Problem::invalid_field("address", |t| t.address_or_status)),
    };
    let range = parse_range([from, to, limit, after])?;
    let address = EmailAddress::parse(address)
        .ok_or_else(|| Problem::invalid_field("address", |t| t.address_invalid))?;
    let ring = app.keys.ring(app.clock.now()).await;
    let address = ring.address_hash(&address);
    let (found, suppression) = tokio::join!(
        find(app, &address, &range),
        app.store.find_suppression(&address)
    );
    let (found, suppression) = (found?, suppression?);
    let suppression = suppression.as_ref().map(SuppressionView::from);
    let page = EmailPage::new(&found, Some(suppression));
    Ok(response::json(200, &page))
}

pub(crate) async fn list_of_user(app: &App, request: &Request) -> Result<Response, Problem> {
    let range = parse_range(request.query_params(["from", "to", "limit", "after"])?)?;
    let user = app.find_user_in_path(request).await?;
    let ring = app.keys.ring(app.clock.now()).await;
    let found = find(app, &ring.address_hash(&user.address), &range).await?;
    Ok(response::json(200, &EmailPage::new(&found, None)))
}

async fn find(app: &App, address: &KeyedHash, range: &HistoryRange) -> Result<Found, Unavailable> {
    let page = app.store.list_emails(address, range).await?;
    let (emails, next) = page.cut(range.limit);
    let links: Vec<_> = emails
        .iter()
        .filter_map(|email| email.link.as_ref())
        .collect();
    let uses = app.store.find_link_uses(&links).await?;
    Ok(Found { emails, uses, next })
}
