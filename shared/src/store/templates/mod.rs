//! The `templates` table: the texts of emails that operators saved in place of the shipped ones.

mod find;
mod list;
mod revert;
mod save;
mod template_item;

pub use template_item::StoredTemplate;
