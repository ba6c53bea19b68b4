//! Lists the texts that operators saved.

use crate::domain::language::Language;
use crate::email::MessageKind;
use crate::store::item::text;
use crate::store::templates::template_item::{StoredTemplate, from_item, key};
use crate::store::{Store, Unavailable};

impl Store {
    /// Returns every saved text with its message and language, in no particular order. Rows of
    /// messages that this release does not have are left out.
    ///
    /// Costs 1 consistent read of each message in each language.
    ///
    /// # Errors
    /// [`Unavailable`] if the store cannot be reached.
    pub async fn list_templates(
        &self,
    ) -> Result<Vec<(MessageKind, Language, StoredTemplate)>, Unavailable> {
        let keys = MessageKind::ALL.into_iter().flat_map(|kind| {
            let languages = Language::ALL.into_iter();
            languages.map(move |language| key(kind, language))
        });
        let keys = [(&self.tables.templates, keys.collect())];
        let [items] = self.read_items("list_templates", keys).await?;
        let read = items.iter().filter_map(|item| {
            let kind = MessageKind::parse(text(item, "pk")?)?;
            let language = Language::parse(text(item, "sk")?)?;
            Some((kind, language, from_item(item)))
        });
        Ok(read.collect())
    }
}
