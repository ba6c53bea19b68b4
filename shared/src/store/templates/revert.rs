//! Returns to the shipped text.

use crate::domain::audit::AuditEvent;
use crate::domain::language::Language;
use crate::email::MessageKind;
use crate::store::expression::Expression;
use crate::store::templates::template_item::key;
use crate::store::transaction::Transaction;
use crate::store::{Store, Unavailable};

impl Store {
    /// Deletes a saved text and records it. Returns `false`, and records nothing, if there is none.
    ///
    /// Costs 1 transaction of 2 writes.
    ///
    /// # Errors
    /// [`Unavailable`] if the store cannot be reached.
    pub async fn revert_template(
        &self,
        kind: MessageKind,
        language: Language,
        event: &AuditEvent,
    ) -> Result<bool, Unavailable> {
        let saved = Expression::on(&self.tables.templates, key(kind, language));
        let writes = Transaction::new()
            .delete((), saved.when("attribute_exists(pk)"))
            .put((), self.audit_record(event));
        writes.try_commit(self, "revert_template").await
    }
}
