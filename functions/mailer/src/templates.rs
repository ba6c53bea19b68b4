//! The template of an email.

use shared::domain::language::Language;
use shared::email::{MessageKind, Template, shipped};

/// Returns the template that Vestibule ships. A test parses all of them.
pub(crate) fn shipped_template(kind: MessageKind, language: Language) -> Option<Template> {
    Template::parse(kind, &shipped(kind, language)).ok()
}
