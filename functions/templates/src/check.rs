//! The check of a text that an operator sends.

use crate::Templates;
use shared::email::{Template, TemplateError, TemplateSource};
use shared::http::Problem;
use shared::http::problem::FileError;

impl Templates<'_> {
    /// Parses a text. Fails with 422 and every error where it does not fit the message.
    pub(crate) fn check(&self, source: &TemplateSource) -> Result<Template, Problem> {
        let language = self.request.language(self.context.config.language);
        let described = |error: &TemplateError| FileError {
            file: error.part.file(),
            line: error.line,
            column: error.column,
            message: error.message(language),
        };
        Template::parse(self.kind, source)
            .map_err(|errors| Problem::invalid_template(errors.iter().map(described).collect()))
    }
}
