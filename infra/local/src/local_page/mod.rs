//! The routes under `/_local/`: a page that shows the emails and says what to try, each email as it
//! renders, and the inbox as JSON.

mod shown_email;
mod theme;

use crate::commands::{COMMANDS, Command};
use crate::guide::Guide;
use crate::inbox::{Inbox, UnsentEmail};
use crate::template::Parameter;
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HOST, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use shared::domain::ids::{encode, sha256};
use shared::store::Store;
use shown_email::ShownEmail;
use std::sync::Arc;

/// The contents of the page.
pub(crate) struct LocalPage {
    inbox: Arc<Inbox>,
    /// The delivery log, which knows what has become of each email.
    store: Store,
    guide: Arc<Guide>,
    style: String,
    policy: String,
}

impl LocalPage {
    pub(crate) fn new(inbox: Arc<Inbox>, store: Store, guide: Arc<Guide>) -> Self {
        let style = theme::style(&guide.accent);
        Self {
            inbox,
            store,
            guide,
            policy: theme::page_policy(&style),
            style,
        }
    }

    /// Returns what the page shows of the emails.
    async fn contents(&self) -> Contents {
        let contents = self.inbox.contents();
        let mut emails = vec![];
        for email in &contents.emails {
            emails.push(ShownEmail::find(&self.store, email.clone()).await);
        }
        let states: Vec<_> = emails.iter().map(ShownEmail::state).collect();
        let states = encode(&sha256(states.concat().as_bytes()));
        Contents {
            version: format!("{}-{states}", self.inbox.version(&contents)),
            emails,
            unsent: contents.unsent,
        }
    }
}

/// The emails that the page shows, oldest first.
struct Contents {
    emails: Vec<ShownEmail>,
    unsent: Vec<UnsentEmail>,
    /// Changes with anything that the page shows.
    version: String,
}

#[derive(Template)]
#[template(path = "local/page.html")]
struct PageTemplate<'a> {
    guide: &'a Guide,
    origin: String,
    /// The host that the page was opened at, if it is not the portal's.
    wrong_host: Option<&'a str>,
    /// The emails, newest first.
    contents: Contents,
    commands: &'a [Command],
    set: Vec<&'a Parameter>,
    unset: Vec<&'a Parameter>,
    style: &'a str,
    script: &'static str,
}

impl PageTemplate<'_> {
    /// Returns the hour, minute and second of a time in RFC 3339.
    fn time_of<'t>(&self, rfc3339: &'t str) -> &'t str {
        rfc3339.get(11..19).unwrap_or(rfc3339)
    }
}

/// Returns the routes under `/_local/`.
pub(crate) fn router(page: LocalPage) -> Router {
    Router::new()
        .route("/_local", get(async || Redirect::permanent("/_local/")))
        .route("/_local/", get(show_page))
        .route("/_local/inbox", get(list_emails).delete(delete_emails))
        .route("/_local/emails/{id}", get(show_email))
        .with_state(Arc::new(page))
}

async fn show_page(State(page): State<Arc<LocalPage>>, headers: HeaderMap) -> Response {
    let mut contents = page.contents().await;
    contents.emails.reverse();
    contents.unsent.reverse();
    let parameters = page.guide.parameters.iter();
    let (set, unset) = parameters.partition(|parameter| parameter.is_set());
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let template = PageTemplate {
        guide: &page.guide,
        origin: page.guide.origin(),
        wrong_host: host.filter(|host| *host != page.guide.public_url.authority()),
        contents,
        commands: &COMMANDS,
        set,
        unset,
        style: &page.style,
        script: theme::SCRIPT,
    };
    match template.render() {
        Ok(html) => html_response(html, &page.policy),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn show_email(State(page): State<Arc<LocalPage>>, Path(id): Path<u64>) -> Response {
    let emails = page.inbox.contents().emails;
    match emails.into_iter().find(|email| email.id == id) {
        Some(email) => html_response(email.html, theme::EMAIL_POLICY),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn html_response(html: String, policy: &str) -> Response {
    let headers = [
        (CONTENT_SECURITY_POLICY, policy),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Html(html)).into_response()
}

/// Responds with the inbox. The page asks for its entity tag only, with HEAD, to see a change.
async fn list_emails(State(page): State<Arc<LocalPage>>) -> Response {
    let contents = page.contents().await;
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
        (ETAG, format!("\"{}\"", contents.version)),
    ];
    let emails = serde_json::to_string(&contents.emails).unwrap_or_default();
    (headers, emails).into_response()
}

async fn delete_emails(State(page): State<Arc<LocalPage>>) -> StatusCode {
    page.inbox.take();
    StatusCode::NO_CONTENT
}
