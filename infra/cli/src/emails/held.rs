//! `vestibule emails held`: what can be sent again.

use super::sentences::{kind, status};
use super::view::{Email, Page};
use crate::api::Api;
use crate::error::Error;
use serde_json::{Value, json};
use shared::domain::language::Language;
use shared::domain::paths;

/// Returns all pages as one.
pub(super) async fn list(api: &Api) -> Result<Value, Error> {
    let mut emails = vec![];
    let mut after = String::new();
    loop {
        let path = format!("{}?status=held&limit=100{after}", paths::ADMIN_EMAILS);
        let page = api.get(&path).await?;
        let more = page.get("emails").and_then(Value::as_array);
        emails.extend(more.into_iter().flatten().cloned());
        let Some(next) = page.get("next").and_then(Value::as_str) else {
            return Ok(json!({ "emails": emails }));
        };
        after = format!("&after={next}");
    }
}

pub(super) fn text(page: &Page) -> String {
    if page.emails.is_empty() {
        return "No email is held back.".to_owned();
    }
    let emails: Vec<_> = page.emails.iter().map(line).collect();
    let how = "Send one with: vestibule emails redrive ADDRESS ID";
    format!("{}\n\n{how}", emails.join("\n"))
}

fn line(email: &Email) -> String {
    let requested_at = Language::English.moment(email.requested_at.0);
    format!(
        "{}  {}\n  {} from {requested_at}: {}",
        email.address,
        email.id,
        kind(&email.kind),
        status(&email.status),
    )
}
