//! Finds the text that an operator saved for a message in a language.

use crate::domain::language::Language;
use crate::email::MessageKind;
use crate::store::templates::template_item::{StoredTemplate, from_item, key};
use crate::store::{Store, Unavailable};

impl Store {
    /// Returns the saved text as it is now, or `None` if the shipped one applies.
    ///
    /// Costs 1 consistent read.
    ///
    /// # Errors
    /// [`Unavailable`] if the store cannot be reached.
    pub async fn find_template(
        &self,
        kind: MessageKind,
        language: Language,
    ) -> Result<Option<StoredTemplate>, Unavailable> {
        let (table, key) = (&self.tables.templates, key(kind, language));
        let item = self.read_item("find_template", table, key).await?;
        Ok(item.as_ref().map(from_item))
    }

    /// Returns the saved text for an email. It may be that of a second ago.
    ///
    /// Costs 1 eventually consistent read.
    ///
    /// # Errors
    /// [`Unavailable`] if the store cannot be reached.
    pub async fn find_template_to_send(
        &self,
        kind: MessageKind,
        language: Language,
    ) -> Result<Option<StoredTemplate>, Unavailable> {
        let (table, key) = (&self.tables.templates, key(kind, language));
        let operation = "find_template_to_send";
        let item = self.read_item_eventually(operation, table, key).await?;
        Ok(item.as_ref().map(from_item))
    }
}
