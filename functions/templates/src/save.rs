//! `PUT /admin/templates/{message}/{language}` saves a text in place of the shipped one.
//! `DELETE /admin/templates/{message}/{language}` returns to the shipped one.
//!
//! `PUT` takes `{subject, text, html}`. Responds 200 as [`crate::view`] does. From then on, emails
//! are sent with it; it replaces an earlier one as a whole. `DELETE` responds 204, also where the
//! shipped text applies already. The audit records both with the IAM ARN that signed the call.

use crate::Templates;
use serde::Deserialize;
use shared::domain::audit::Action;
use shared::email::TemplateSource;
use shared::http::response;
use shared::http::{Problem, Response};
use shared::store::StoredTemplate;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    subject: String,
    text: String,
    html: String,
}

impl Templates<'_> {
    pub(crate) async fn save(&self) -> Result<Response, Problem> {
        let input: Input = self.request.json_body()?;
        let source = TemplateSource::new(&input.subject, &input.text, &input.html);
        self.check(&source)?;
        let now = self.context.clock.now();
        let event = self.audit_event(Action::TemplateSaved, now);
        let template = StoredTemplate {
            source,
            saved_at: now,
            actor: self.request.iam_arn().to_owned(),
        };
        let store = &self.context.store;
        store
            .save_template(self.kind, self.language, &template, &event)
            .await?;
        Ok(self.view(Some(&template.source)))
    }

    pub(crate) async fn revert(&self) -> Result<Response, Problem> {
        self.request.empty_json()?;
        let event = self.audit_event(Action::TemplateReverted, self.context.clock.now());
        let store = &self.context.store;
        store
            .revert_template(self.kind, self.language, &event)
            .await?;
        Ok(response::no_content())
    }
}
