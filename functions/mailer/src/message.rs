//! The mail itself: one HTML and one text template, filled with the words of the template, and with
//! the link and the code where it has any.

use crate::copy::EmailCopy;
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use shared::config::Config;
use shared::domain::email::{OutboxEntry, PreparedEmail};
use shared::domain::link::Code;
use shared::domain::origin::Origin;

/// What goes to the mail provider.
pub(crate) struct Message {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) html: String,
    pub(crate) text: String,
}

/// The link of a template that carries one, and its code.
pub(crate) struct LinkAndCode {
    pub(crate) url: String,
    pub(crate) code: Code,
}

#[derive(Template)]
#[template(path = "email.html")]
struct Html<'a> {
    portal: &'a str,
    accent: &'a str,
    on_accent: &'static str,
    logo: Option<&'a str>,
    words: &'a EmailCopy,
    link: Option<&'a str>,
    code: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "email.txt")]
struct Text<'a> {
    portal: &'a str,
    opening: String,
    words: &'a EmailCopy,
    known_heading: String,
    otherwise_heading: String,
    otherwise: Vec<String>,
    link: Option<&'a str>,
    code_is_for: String,
    code: Option<&'a str>,
}

impl Message {
    /// The template that was decided on; `None` if a template cannot be filled, which their types
    /// rule out.
    pub(crate) fn new(
        config: &Config,
        public: &Origin,
        mail: &OutboxEntry,
        prepared: &PreparedEmail,
        carried: Option<&LinkAndCode>,
    ) -> Option<Self> {
        let brand = &config.brand;
        let words = EmailCopy::of(prepared.template, mail, config, public);
        let link = carried.map(|carried| carried.url.as_str());
        let code = carried
            .filter(|_| words.code.is_some())
            .map(|carried| carried.code.expose());
        let html = Html {
            portal: &brand.name,
            accent: &brand.accent,
            on_accent: on(&brand.accent),
            logo: brand.logo.as_deref(),
            words: &words,
            link,
            code: code.as_deref(),
        };
        let text = Text {
            portal: &brand.name,
            opening: lines(
                &format!("{} {}{}", words.opening, brand.name, words.rest),
                76,
            )
            .join("\n"),
            words: &words,
            known_heading: words.known.0.to_uppercase(),
            otherwise_heading: words.otherwise.0.to_uppercase(),
            otherwise: lines(words.otherwise.1, 72),
            link,
            code_is_for: lines(words.code.unwrap_or_default(), 76).join("\n"),
            code: code.as_deref(),
        };
        Some(Self {
            from: mailbox(&brand.name, config.email.from.as_str()),
            to: mail.address.to_string(),
            html: html.render().ok()?,
            text: text.render().ok()?,
            subject: words.subject,
        })
    }
}

/// `text` in lines of at most `most` characters, but for words that are longer.
fn lines(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Black or white, whichever is easier to read on `accent`: at least 4.5 to 1 on every colour (WCAG
/// 2.2, 1.4.3).
fn on(accent: &str) -> &'static str {
    let channel = |at: usize| {
        let hex = accent.get(at..at + 2).unwrap_or_default();
        (f64::from(u8::from_str_radix(hex, 16).unwrap_or_default()) / 255.0).powf(2.2)
    };
    let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
    if luminance > 0.18 {
        "#000000"
    } else {
        "#ffffff"
    }
}

/// `name <address>`: words of letters and digits as they are (RFC 5322, 3.2.5), anything else in
/// encoded words (RFC 2047), of which one holds at most 75 characters.
fn mailbox(name: &str, address: &str) -> String {
    if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ') {
        return format!("{name} <{address}>");
    }
    let mut words = vec![String::new()];
    for character in name.chars() {
        match words.last_mut() {
            Some(word) if word.len() + character.len_utf8() <= 45 => word.push(character),
            _ => words.push(character.to_string()),
        }
    }
    let words: Vec<_> = words
        .iter()
        .map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)))
        .collect();
    format!("{} <{address}>", words.join(" "))
}
