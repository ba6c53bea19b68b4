//! Items of the `templates` table: one for each message and language that is overridden.

use crate::domain::language::Language;
use crate::domain::time::Timestamp;
use crate::email::{MessageKind, TemplateSource};
use crate::store::item::{Item, item, moment, n, s, text};

/// A text that an operator saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTemplate {
    pub source: TemplateSource,
    pub saved_at: Timestamp,
    /// The IAM ARN that signed the call.
    pub actor: String,
}

pub(super) fn key(kind: MessageKind, language: Language) -> Item {
    item([
        ("pk", Some(s(kind.as_str()))),
        ("sk", Some(s(language.tag()))),
    ])
}

pub(super) fn to_item(kind: MessageKind, language: Language, template: &StoredTemplate) -> Item {
    let mut item = key(kind, language);
    item.extend([
        ("subject".to_owned(), s(&template.source.subject)),
        ("text".to_owned(), s(&template.source.text)),
        ("html".to_owned(), s(&template.source.html)),
        ("saved_at".to_owned(), n(template.saved_at.millis())),
        ("actor".to_owned(), s(&template.actor)),
    ]);
    item
}

/// Reads an item. What is missing becomes empty, and an empty text fits no message: the shipped one
/// is sent instead.
pub(super) fn from_item(item: &Item) -> StoredTemplate {
    let part = |name| text(item, name).unwrap_or_default().to_owned();
    StoredTemplate {
        source: TemplateSource {
            subject: part("subject"),
            text: part("text"),
            html: part("html"),
        },
        saved_at: moment(item, "saved_at").unwrap_or(Timestamp::from_millis(0)),
        actor: part("actor"),
    }
}
