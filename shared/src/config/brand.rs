//! Appearance of pages and emails.

use super::StartError;
use super::reader::Reader;
use super::spelling::{address, split_url};
use crate::domain::address::EmailAddress;

const AN_IMAGE: &str = "an https URL of at most 512 characters";

/// Appearance of pages and emails.
#[derive(Clone, Debug)]
pub struct Brand {
    /// `PORTAL_NAME`: the display name, at most 60 characters.
    pub name: String,
    /// `ACCENT_COLOR`: a color in the form `#rrggbb`.
    pub accent: String,
    /// `LOGO_URL`: the https URL of an image, at most 512 characters.
    pub logo: Option<String>,
    /// `LOGO_URL_DARK`: the same for a dark background.
    pub logo_dark: Option<String>,
    /// `SUPPORT_CONTACT`: where users get help.
    pub support: Option<SupportContact>,
}

/// The place where users get help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SupportContact {
    Email(EmailAddress),
    /// The https URL of a page.
    Page(String),
}

impl SupportContact {
    fn parse(text: &str) -> Option<Self> {
        let address = address(text).map(Self::Email);
        address.or_else(|| https_url(text).map(Self::Page))
    }

    /// Returns the address or URL, as people read it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(address) => address.as_str(),
            Self::Page(url) => url,
        }
    }

    /// Returns the target of a link.
    pub fn url(&self) -> String {
        match self {
            Self::Email(address) => format!("mailto:{address}"),
            Self::Page(url) => url.clone(),
        }
    }
}

impl Brand {
    pub(super) fn read(read: &Reader<'_>) -> Result<Self, StartError> {
        Ok(Self {
            name: read.required("PORTAL_NAME", "1 to 60 printable characters", title)?,
            accent: read.required("ACCENT_COLOR", "a color like #0b5cad", color)?,
            logo: read.optional("LOGO_URL", AN_IMAGE, https_url)?,
            logo_dark: read.optional("LOGO_URL_DARK", AN_IMAGE, https_url)?,
            support: read.optional(
                "SUPPORT_CONTACT",
                "an email address in lower case, or an https URL of at most 512 characters",
                SupportContact::parse,
            )?,
        })
    }
}

impl Brand {
    /// Returns black or white, whichever is easier to read on the accent. The contrast is at least
    /// 4.5 to 1 on every color (WCAG 2.2, 1.4.3).
    pub fn on_accent(&self) -> &'static str {
        let channel = |at: usize| {
            let hex = self.accent.get(at..at + 2).unwrap_or_default();
            (f64::from(u8::from_str_radix(hex, 16).unwrap_or_default()) / 255.0).powf(2.2)
        };
        let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
        if luminance > 0.18 {
            "#000000"
        } else {
            "#ffffff"
        }
    }
}

fn title(text: &str) -> Option<String> {
    (text.chars().count() <= 60 && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn color(text: &str) -> Option<String> {
    let digits = text.strip_prefix('#')?;
    (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then(|| text.to_owned())
}

fn https_url(text: &str) -> Option<String> {
    let (origin, _) = split_url(text)?;
    (origin.is_secure() && text.len() <= 512).then(|| text.to_owned())
}
