//! The texts of emails: their templates, and how they become a subject, a text and an HTML body.
//! Pure: the mailer sends what [`Template::render`] returns, and the administration previews it.
//!
//! A message has three files per language, in `shared/templates/<message>/<language>`. An operator
//! may override them. The vocabulary of a template is closed and strict: `{{name}}` is a variable,
//! `{{#name}}...{{/name}}` is shown where the variable is not empty, and an HTML body has the
//! elements of `parser/markup.rs`. Values are text wherever they stand: no value becomes markup, a
//! header or a second recipient.
//!
//! To add a message: add its folder of files, a variant and its lines to [`MessageKind`], and a
//! line for each language to `shipped.rs`. The compiler and the tests name what is missing.

mod contents;
mod error;
mod frame;
mod html;
mod kind;
mod node;
mod parser;
mod plain;
mod shipped;
mod template;
mod values;

#[cfg(test)]
mod tests;

pub use contents::Contents;
pub use error::{Part, Reason, TemplateError};
pub use frame::Frame;
pub use kind::{MessageKind, Variable};
pub use shipped::shipped;
pub use template::{Rendered, Template, TemplateSource};
pub use values::Values;
