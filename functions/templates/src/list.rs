//! `GET /admin/templates` lists all texts.
//!
//! Responds 200 `{templates: [{message, language, overridden, saved_at?, fits}]}`. Where `fits` is
//! false, an earlier release accepted the saved text, and the shipped one is sent instead.

use crate::Context;
use serde::Serialize;
use shared::domain::language::Language;
use shared::email::{MessageKind, Template};
use shared::http::response;
use shared::http::{Problem, Response};

#[derive(Serialize)]
struct Output {
    templates: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    message: &'static str,
    language: &'static str,
    overridden: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_at: Option<String>,
    fits: bool,
}

pub(crate) async fn list(context: &Context) -> Result<Response, Problem> {
    let saved = context.store.list_templates().await?;
    let entry = |kind: MessageKind, language: Language| {
        let mut saved = saved.iter();
        let saved = saved.find(|(k, l, _)| (*k, *l) == (kind, language));
        Entry {
            message: kind.as_str(),
            language: language.tag(),
            overridden: saved.is_some(),
            saved_at: saved.map(|(_, _, template)| template.saved_at.rfc3339()),
            fits: saved.is_none_or(|(_, _, saved)| Template::parse(kind, &saved.source).is_ok()),
        }
    };
    let entries = MessageKind::ALL
        .into_iter()
        .flat_map(|kind| Language::ALL.map(|language| entry(kind, language)));
    let templates = entries.collect();
    Ok(response::json(200, &Output { templates }))
}
