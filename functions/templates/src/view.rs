//! `GET /admin/templates/{message}/{language}` shows a text.
//!
//! Responds 200 `{message, language, overridden, subject, text, html, shipped: {subject, text,
//! html}, variables: [{name, required, about}]}`.

use crate::Templates;
use serde::Serialize;
use shared::email::{TemplateSource, shipped};
use shared::http::response;
use shared::http::{Problem, Response};

#[derive(Serialize)]
struct View<'a> {
    message: &'static str,
    language: &'static str,
    overridden: bool,
    #[serde(flatten)]
    current: Parts<'a>,
    shipped: Parts<'a>,
    variables: Vec<VariableView>,
}

#[derive(Serialize)]
struct Parts<'a> {
    subject: &'a str,
    text: &'a str,
    html: &'a str,
}

#[derive(Serialize)]
struct VariableView {
    name: &'static str,
    required: bool,
    about: &'static str,
}

impl<'a> From<&'a TemplateSource> for Parts<'a> {
    fn from(source: &'a TemplateSource) -> Self {
        Self {
            subject: &source.subject,
            text: &source.text,
            html: &source.html,
        }
    }
}

impl Templates<'_> {
    pub(crate) async fn show(&self) -> Result<Response, Problem> {
        let saved = self
            .context
            .store
            .find_template(self.kind, self.language)
            .await?;
        Ok(self.view(saved.as_ref().map(|saved| &saved.source)))
    }

    /// Returns the response that shows the saved text, or the shipped one.
    pub(crate) fn view(&self, saved: Option<&TemplateSource>) -> Response {
        let shipped = shipped(self.kind, self.language);
        let variables = self.kind.variables().iter().map(|variable| VariableView {
            name: variable.name,
            required: variable.required,
            about: variable.about,
        });
        let view = View {
            message: self.kind.as_str(),
            language: self.language.tag(),
            overridden: saved.is_some(),
            current: saved.unwrap_or(&shipped).into(),
            shipped: (&shipped).into(),
            variables: variables.collect(),
        };
        response::json(200, &view)
    }
}
