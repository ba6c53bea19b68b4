//! Appearance of pages and emails.

use super::StartError;
use super::reader::Reader;

/// Appearance of pages and emails.
#[derive(Clone, Debug)]
pub struct Brand {
    /// `PORTAL_NAME`: the display name, at most 60 characters.
    pub name: String,
    /// `ACCENT_COLOR`: a color in the form `#rrggbb`.
    pub accent: String,
    /// `LOGO_URL`: the https URL of an image, at most 512 characters.
    pub logo: Option<String>,
}

impl Brand {
    pub(super) fn read(read: &Reader<'_>) -> Result<Self, StartError> {
        Ok(Self {
            name: read.required("PORTAL_NAME", "1 to 60 printable characters", title)?,
            accent: read.required("ACCENT_COLOR", "a color like #0b5cad", color)?,
            logo: read.optional(
                "LOGO_URL",
                "an https URL of at most 512 characters",
                https_url,
            )?,
        })
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
    let url = url::Url::parse(text).ok()?;
    (url.scheme() == "https" && url.as_str().len() <= 512).then(|| url.into())
}
