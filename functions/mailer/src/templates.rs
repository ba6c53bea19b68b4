//! The template of an email: the one that an operator saved, or the shipped one.

use crate::Mailer;
use shared::domain::language::Language;
use shared::email::{MessageKind, Template, shipped};
use shared::store::Unavailable;

impl Mailer {
    /// Returns the saved template, or the shipped one if there is none or it does not fit: an
    /// earlier release may have accepted what this one does not. An alarm watches the log line.
    ///
    /// Costs 1 eventually consistent read.
    ///
    /// # Errors
    /// [`Unavailable`] where the store cannot be reached.
    pub(crate) async fn template(
        &self,
        kind: MessageKind,
        language: Language,
    ) -> Result<Option<Template>, Unavailable> {
        let saved = self.app.store.find_template_to_send(kind, language).await?;
        if let Some(saved) = saved {
            if let Ok(template) = Template::parse(kind, &saved.source) {
                return Ok(Some(template));
            }
            tracing::error!(
                template = kind.as_str(),
                language = language.tag(),
                "an email template does not fit"
            );
        }
        // A test parses all of them.
        Ok(Template::parse(kind, &shipped(kind, language)).ok())
    }
}
