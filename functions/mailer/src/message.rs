//! The mail itself: HTML and text, with the link and the code. The subject holds neither, and nothing a stranger typed is
//! in any of it.

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use shared::config::Config;
use shared::domain::link::Code;
use shared::domain::mail::Mail;

/// What goes to the mail provider.
pub(crate) struct Message {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) html: String,
    pub(crate) text: String,
}

#[derive(Template)]
#[template(path = "sign-in.html")]
struct Html<'a> {
    portal: &'a str,
    accent: &'a str,
    on_accent: &'static str,
    logo: Option<&'a str>,
    link: &'a str,
    code: &'a str,
    minutes: u64,
    asked: &'a str,
}

#[derive(Template)]
#[template(path = "sign-in.txt")]
struct Text<'a> {
    portal: &'a str,
    link: &'a str,
    code: &'a str,
    minutes: u64,
    asked: &'a str,
}

impl Message {
    /// The sign-in mail; `None` if a template cannot be filled, which their types rule out.
    pub(crate) fn sign_in(config: &Config, mail: &Mail, link: &str, code: &Code) -> Option<Self> {
        let (brand, code) = (&config.brand, code.expose());
        let minutes = config.links.lifetime.as_secs() / 60;
        let (client, ip, when) = (mail.client.in_words(), &mail.client.ip, mail.asked_at.in_words());
        let asked = format!("{client}, IP address {ip}, {when}");
        let html = Html {
            portal: &brand.name,
            accent: &brand.accent,
            on_accent: on(&brand.accent),
            logo: brand.logo.as_deref(),
            link,
            code: &code,
            minutes,
            asked: &asked,
        };
        let text = Text { portal: &brand.name, link, code: &code, minutes, asked: &asked };
        Some(Self {
            from: mailbox(&brand.name, config.mail.from.as_str()),
            to: mail.address.to_string(),
            subject: format!("Sign in to {}", brand.name),
            html: html.render().ok()?,
            text: text.render().ok()?,
        })
    }
}

/// Black or white, whichever is easier to read on `accent`: at least 4.5 to 1 on every colour (WCAG 2.2, 1.4.3).
fn on(accent: &str) -> &'static str {
    let channel = |at: usize| {
        let hex = accent.get(at..at + 2).unwrap_or_default();
        (f64::from(u8::from_str_radix(hex, 16).unwrap_or_default()) / 255.0).powf(2.2)
    };
    let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
    if luminance > 0.18 { "#000000" } else { "#ffffff" }
}

/// `name <address>`: words of letters and digits as they are (RFC 5322, 3.2.5), anything else in encoded words (RFC 2047),
/// of which one holds at most 75 characters.
fn mailbox(name: &str, address: &str) -> String {
    if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ') {
        return format!("{name} <{address}>");
    }
    let mut words = vec![String::new()];
    for letter in name.chars() {
        match words.last_mut() {
            Some(word) if word.len() + letter.len_utf8() <= 45 => word.push(letter),
            _ => words.push(letter.to_string()),
        }
    }
    let words: Vec<_> = words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word))).collect();
    format!("{} <{address}>", words.join(" "))
}
