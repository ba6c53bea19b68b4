//! The message that SES sends: the HTML and the plain text version, filled with the copy of a
//! template, the link and, if it has one, the code.

use crate::copy::EmailCopy;
use crate::links::LinkAndCode;
use askama::Template;
use shared::config::{Config, SupportContact};
use shared::domain::email::{EmailTemplate, OutboxEntry};
use shared::domain::language::sentences::{EmailSentences, fill};
use shared::domain::origin::Origin;

/// The longest line of a plain text email, and of its indented parts.
const TEXT_WIDTH: usize = 76;
const INDENTED_WIDTH: usize = 72;

pub(crate) struct Message {
    /// Differs between any two emails, and is the same at every attempt to send one.
    pub(crate) reference: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) reply_to: Option<String>,
    pub(crate) subject: String,
    pub(crate) html: String,
    pub(crate) text: String,
}

#[derive(Template)]
#[template(path = "email.html")]
struct Html<'a> {
    portal: &'a str,
    /// The parts of the opening around the portal's name.
    opening: (&'static str, &'static str),
    accent: &'a str,
    on_accent: &'static str,
    logo: Option<&'a str>,
    subject: &'a str,
    copy: &'a EmailCopy,
    sentences: &'static EmailSentences,
    support: Option<&'a SupportContact>,
    link: &'a str,
    code: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "email.txt")]
struct Text<'a> {
    portal: &'a str,
    opening: String,
    copy: &'a EmailCopy,
    support: Option<&'a SupportContact>,
    support_label: String,
    requested_from_label: String,
    not_you: String,
    advice: Vec<String>,
    link: &'a str,
    code_hint: String,
    code: Option<&'a str>,
}

impl Message {
    /// Fills the templates. Returns `None` if one cannot be filled, which their types rule out.
    pub(crate) fn new(
        config: &Config,
        public: &Origin,
        email: &OutboxEntry,
        template: EmailTemplate,
        link: &LinkAndCode,
    ) -> Option<Self> {
        let brand = &config.brand;
        let copy = EmailCopy::new(template, email, config, public);
        let code = copy.code_hint.map(|_| link.code.expose());
        let link = link.url.as_str();
        let named = |sentence| fill(sentence, &[("portal", &brand.name)]);
        let subject = named(copy.subject);
        let sentences = copy.language.emails();
        let support = brand.support.as_ref();
        let html = Html {
            portal: &brand.name,
            opening: copy.opening.split_once("{portal}").unwrap_or_default(),
            accent: &brand.accent,
            on_accent: brand.on_accent(),
            logo: brand.logo.as_deref(),
            subject: &subject,
            copy: &copy,
            sentences,
            support,
            link,
            code: code.as_deref(),
        };
        let text = Text {
            portal: &brand.name,
            opening: wrap(&named(copy.opening), TEXT_WIDTH).join("\n"),
            copy: &copy,
            support,
            support_label: sentences.support.to_uppercase(),
            requested_from_label: copy.requested_from_label.to_uppercase(),
            not_you: copy.not_you.to_uppercase(),
            advice: wrap(copy.advice, INDENTED_WIDTH),
            link,
            code_hint: wrap(copy.code_hint.unwrap_or_default(), TEXT_WIDTH).join("\n"),
            code: code.as_deref(),
        };
        Some(Self {
            reference: email.key.id.as_str().to_owned(),
            from: config.email.sender.clone(),
            to: email.address.to_string(),
            reply_to: match support {
                Some(SupportContact::Email(address)) => Some(address.to_string()),
                _ => None,
            },
            html: html.render().ok()?,
            text: text.render().ok()?,
            subject,
        })
    }
}

/// Breaks `text` into lines of at most `width` characters. A longer word gets its own line.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
