//! The languages of pages, emails and problem documents. Each has one file with all sentences of
//! pages and problems; a sentence that is missing there does not compile. The texts of emails are
//! in `shared/templates`.
//!
//! To add a language: copy `en.rs`, translate it, and add a line to each `match` of this file. Copy
//! the folders of emails. Add the tag to the parameter `Language` in the template.

mod de;
mod en;
pub mod sentences;

use crate::domain::client::ClientInfo;
use crate::domain::time::Timestamp;
use sentences::{ApiSentences, CommonSentences, PageSentences, fill};

/// A language that Vestibule speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    German,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// Returns the BCP 47 tag, as in the `lang` attribute of a page.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Parses a tag of BCP 47.
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// Returns the language that an `Accept-Language` header (RFC 9110, 12.5.4) prefers among
    /// those of Vestibule. A range such as `de-AT` stands for `de` (RFC 4647, 3.4). `None` if it
    /// names no language of ours.
    pub fn preferred(accept_language: &str) -> Option<Self> {
        let ranges = accept_language.split(',').take(32).filter_map(|range| {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let primary = tag.trim().split('-').next()?.to_ascii_lowercase();
            let quality: f32 = weight.trim().strip_prefix("q=")?.trim().parse().ok()?;
            let language = Self::parse(&primary)?;
            (quality > 0.0).then_some((language, quality))
        });
        // The first of several with the same weight.
        let best = ranges.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map(|(language, _)| language)
    }

    pub const fn api(self) -> &'static ApiSentences {
        match self {
            Self::English => &en::API,
            Self::German => &de::API,
        }
    }

    pub const fn common(self) -> &'static CommonSentences {
        match self {
            Self::English => &en::COMMON,
            Self::German => &de::COMMON,
        }
    }

    pub const fn pages(self) -> &'static PageSentences {
        match self {
            Self::English => &en::PAGES,
            Self::German => &de::PAGES,
        }
    }

    /// Returns `21 November 2026 at 14:05 UTC`.
    pub fn moment(self, at: Timestamp) -> String {
        let [year, month, day, hour, minute] = at.parts();
        let mut months = self.common().months.split(',');
        let values = [
            ("day", day.to_string()),
            (
                "month",
                months
                    .nth(month.saturating_sub(1))
                    .unwrap_or_default()
                    .to_owned(),
            ),
            ("year", year.to_string()),
            ("time", format!("{hour:02}:{minute:02}")),
        ];
        fill(
            self.common().moment,
            &values
                .each_ref()
                .map(|(name, value)| (*name, value.as_str())),
        )
    }

    /// Returns the browser and the system (`Firefox on Windows`), or the one of them that is known.
    pub fn client(self, client: &ClientInfo) -> String {
        let sentences = self.common();
        match (client.browser(), client.system()) {
            (Some(browser), Some(system)) => {
                let values = [("browser", browser), ("system", system)];
                fill(sentences.browser_on_system, &values)
            }
            (Some(known), None) | (None, Some(known)) => known.to_owned(),
            (None, None) => sentences.unknown_browser.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn the_preferred_language_of_a_header_is_found() {
        let (english, german) = (Some(Language::English), Some(Language::German));
        for (header, language) in [
            ("de-DE,de;q=0.9,en;q=0.8", german),
            ("de", german),
            ("DE-at", german),
            ("en-GB,en;q=0.9", english),
            ("fr-FR,fr;q=0.9,de;q=0.7,en;q=0.8", english),
            ("en;q=0.1, de;q=0.5", german),
            ("de;q=0, en;q=0.1", english),
            ("de, en", german),
            ("fr, *;q=0.5", None),
            ("", None),
            ("de;q=oops", None),
            ("den", None),
            (";;;,,,q=1", None),
        ] {
            assert_eq!(Language::preferred(header), language, "{header}");
        }
    }
}
