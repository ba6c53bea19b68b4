//! What is not the portal's: a page that shows the mails and says what to try, and the inbox for
//! tools.

use crate::inbox::{Inbox, ReceivedEmail};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use std::sync::Arc;

/// Mails are shown in frames that may do nothing but look like themselves.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; frame-ancestors 'none'";

/// What the page is made of.
pub(crate) struct Local {
    /// The mails.
    pub(crate) inbox: Arc<Inbox>,
    /// Where people reach the portal.
    pub(crate) public: String,
    /// Who can sign in.
    pub(crate) users: Vec<String>,
}

#[derive(Template)]
#[template(path = "local.html")]
struct Page<'a> {
    public: &'a str,
    users: &'a [String],
    mails: Vec<ReceivedEmail>,
}

/// The routes under `/_local/`.
pub(crate) fn router(local: Arc<Local>) -> Router {
    Router::new()
        .route("/_local", get(async || Redirect::permanent("/_local/")))
        .route("/_local/", get(page))
        .route("/_local/inbox", get(inbox).delete(empty))
        .with_state(local)
}

async fn page(State(local): State<Arc<Local>>) -> Response {
    let mut mails = local.inbox.mails();
    mails.reverse();
    match (Page {
        public: &local.public,
        users: &local.users,
        mails,
    })
    .render()
    {
        Ok(html) => (
            [
                (CONTENT_SECURITY_POLICY, POLICY),
                (CACHE_CONTROL, "no-store"),
            ],
            Html(html),
        )
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn inbox(State(local): State<Arc<Local>>) -> Response {
    let mails = serde_json::to_string(&local.inbox.mails()).unwrap_or_default();
    (
        [
            (CONTENT_TYPE, "application/json"),
            (CACHE_CONTROL, "no-store"),
        ],
        mails,
    )
        .into_response()
}

async fn empty(State(local): State<Arc<Local>>) -> StatusCode {
    local.inbox.clear();
    StatusCode::NO_CONTENT
}
