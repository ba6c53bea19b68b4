//! Saves a text in place of the shipped one.

use crate::domain::audit::AuditEvent;
use crate::domain::language::Language;
use crate::email::MessageKind;
use crate::store::expression::put_over;
use crate::store::templates::template_item::{StoredTemplate, to_item};
use crate::store::transaction::Transaction;
use crate::store::{Store, Unavailable};

impl Store {
    /// Saves a text and its audit record. It replaces an earlier one as a whole.
    ///
    /// Costs 1 transaction of 2 writes.
    ///
    /// # Errors
    /// [`Unavailable`] if the store cannot be reached, or others save the same text all the time.
    pub async fn save_template(
        &self,
        kind: MessageKind,
        language: Language,
        template: &StoredTemplate,
        event: &AuditEvent,
    ) -> Result<(), Unavailable> {
        let item = to_item(kind, language, template);
        let writes = Transaction::new()
            .put((), put_over(&self.tables.templates, item))
            .put((), self.audit_record(event));
        Ok(writes.commit(self, "save_template").await?)
    }
}
