//! The frame of every HTML body: the page around the card, the portal's name or logo on top.

use super::html::escape;
use super::values::clean;
use crate::config::Brand;
use crate::domain::language::Language;

const FRAME: &str = include_str!("../../templates/frame.html");

/// Appearance and language of the frame.
pub struct Frame<'a> {
    pub brand: &'a Brand,
    pub language: Language,
}

impl Frame<'_> {
    /// Returns the document around `content`, which is HTML. `preheader` is what email programs
    /// show after the subject in a list of emails.
    pub(super) fn around(&self, subject: &str, preheader: &str, content: &str) -> String {
        let values = [
            ("language", self.language.tag().to_owned()),
            ("subject", escape(subject)),
            ("preheader", escape(preheader)),
            ("brand", self.brand()),
            ("content", content.to_owned()),
        ];
        let mut pieces = FRAME.split("{{");
        let mut html = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, after) = piece.split_once("}}").unwrap_or_default();
            let value = values.iter().find(|(known, _)| *known == name);
            html.push_str(value.map_or("", |(_, value)| value));
            html.push_str(after);
        }
        html
    }

    /// Returns the logo, or the portal's name.
    fn brand(&self) -> String {
        let name = escape(&clean(&self.brand.name));
        let Some(logo) = &self.brand.logo else {
            return format!(
                "<p class=\"ink\" dir=\"auto\" style=\"margin:0;color:#1a1d23;font-size:18px;\
                line-height:24px;font-weight:600;\">{name}</p>"
            );
        };
        let logo = escape(logo);
        format!(
            "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr>\
            <td class=\"logo\" style=\"color:#1a1d23;font-size:18px;line-height:24px;\
            font-weight:600;\">\n<img src=\"{logo}\"\n\
            alt=\"{name}\" height=\"40\" style=\"display:block;height:40px;width:auto;\
            max-width:100%;border:0;\"></td></tr></table>"
        )
    }
}
