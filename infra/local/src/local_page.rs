//! The routes under `/_local/`: a page that shows the emails and says what to try, and the inbox as
//! JSON.

use crate::inbox::{Inbox, ReceivedEmail};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use std::sync::Arc;

/// The content security policy. Emails are shown in frames without scripts.
const CONTENT_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; frame-ancestors 'none'";

/// The contents of the page.
pub(crate) struct LocalPage {
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) public_url: String,
    /// A line for each user who can sign in.
    pub(crate) users: Vec<String>,
}

#[derive(Template)]
#[template(path = "local.html")]
struct PageTemplate<'a> {
    public_url: &'a str,
    users: &'a [String],
    emails: Vec<ReceivedEmail>,
}

/// Returns the routes under `/_local/`.
pub(crate) fn router(page: LocalPage) -> Router {
    Router::new()
        .route("/_local", get(async || Redirect::permanent("/_local/")))
        .route("/_local/", get(show_page))
        .route("/_local/inbox", get(list_emails).delete(delete_emails))
        .with_state(Arc::new(page))
}

async fn show_page(State(page): State<Arc<LocalPage>>) -> Response {
    let mut emails = page.inbox.emails();
    emails.reverse();
    let template = PageTemplate {
        public_url: &page.public_url,
        users: &page.users,
        emails,
    };
    match template.render() {
        Ok(html) => (
            [
                (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
                (CACHE_CONTROL, "no-store"),
            ],
            Html(html),
        )
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn list_emails(State(page): State<Arc<LocalPage>>) -> Response {
    let emails = serde_json::to_string(&page.inbox.emails()).unwrap_or_default();
    (
        [
            (CONTENT_TYPE, "application/json"),
            (CACHE_CONTROL, "no-store"),
        ],
        emails,
    )
        .into_response()
}

async fn delete_emails(State(page): State<Arc<LocalPage>>) -> StatusCode {
    page.inbox.take();
    StatusCode::NO_CONTENT
}
