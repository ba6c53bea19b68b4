//! `POST /admin/templates/{message}/{language}/preview` checks a text and shows it filled.
//!
//! Takes `{subject?, text?, html?}`; missing parts are those that are sent now. Responds 200
//! `{subject, text, html}`, filled with the portal's own name and appearance, and with samples of
//! everything else.

use crate::Templates;
use serde::{Deserialize, Deserializer, Serialize};
use shared::domain::client::ClientInfo;
use shared::domain::origin::Origin;
use shared::domain::paths;
use shared::email::{Contents, Frame, MessageKind, TemplateSource};
use shared::http::response;
use shared::http::{Problem, Response};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    #[serde(default, deserialize_with = "not_null")]
    subject: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    text: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    html: Option<String>,
}

#[derive(Serialize)]
struct Output {
    subject: String,
    text: String,
    html: String,
}

/// Length of a sample link, that of the longest usual ones.
const LINK_LENGTH: usize = 280;

fn not_null<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    String::deserialize(value).map(Some)
}

impl Templates<'_> {
    pub(crate) async fn preview(&self) -> Result<Response, Problem> {
        let input: Input = self.request.json_body()?;
        let current = self.current().await?;
        let source = TemplateSource::new(
            &input.subject.unwrap_or(current.subject),
            &input.text.unwrap_or(current.text),
            &input.html.unwrap_or(current.html),
        );
        let template = self.check(&source)?;
        let config = &self.context.config;
        let origin = self.request.portal_origin(&config.site)?;
        let link = sample_link(&origin, self.page());
        let contents = Contents {
            kind: self.kind,
            language: self.language,
            client: &ClientInfo::new("192.0.2.7", "Firefox/140.0 (Windows)"),
            requested_at: self.context.clock.now(),
            link: (&link, "1234 5678"),
        };
        let frame = Frame {
            brand: &config.brand,
            language: self.language,
        };
        let rendered = template.render(&contents.values(config, &origin), &frame);
        let output = Output {
            subject: rendered.subject,
            text: rendered.text,
            html: rendered.html,
        };
        Ok(response::json(200, &output))
    }

    /// Returns the page that the link of the message opens.
    const fn page(&self) -> &'static str {
        match self.kind {
            MessageKind::Activation => paths::ACTIVATE,
            MessageKind::Reset => paths::RESET_PASSWORD,
            MessageKind::SignIn | MessageKind::Invitation => paths::VERIFY,
            MessageKind::NewBrowser
            | MessageKind::PasswordChanged
            | MessageKind::AddressChanged
            | MessageKind::SessionsEnded => paths::REPORT,
        }
    }
}

/// Returns a link as long as links are, which opens nothing.
fn sample_link(origin: &Origin, page: &str) -> String {
    let characters =
        "SAMPLE-eyJhbGciOiJIUzI1NiJ9.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let start = paths::link_page(origin, page, "");
    let length = LINK_LENGTH.saturating_sub(start.len());
    let token: String = characters.chars().cycle().take(length).collect();
    start + &token
}
