//! The page after a sign-in.

use super::origin::Origin;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

/// Maximum length of a `next` after its origin, in characters.
const MAX_LENGTH: usize = 2048;

/// The URL of the page after a sign-in: on an allowed origin, at most 2,048 characters after the
/// origin. It is stored as a WHATWG parser resolved it, so that the browser goes to the URL that
/// was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next(String);

/// The error for a `next` that users must not be redirected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidNext;

/// The origins that a `next` is checked against.
#[derive(Clone, Copy, Debug)]
pub struct NextOrigins<'a> {
    /// The origin of this portal, whose own routes are no page after a sign-in.
    pub portal: &'a Origin,
    /// The origin that a path refers to.
    pub default: &'a Origin,
    /// More origins that are allowed.
    pub allowed: &'a [Origin],
}

impl Next {
    /// Resolves `text`, a path or a URL, against the default origin. Returns `None` for an empty or
    /// too long one.
    ///
    /// # Errors
    /// [`InvalidNext`] for a URL on another origin, below `/auth/` on this portal, with
    /// credentials, or with a path that begins with two slashes.
    pub fn parse(text: &str, origins: NextOrigins<'_>) -> Result<Option<Self>, InvalidNext> {
        if text.trim_matches(|c| c <= ' ').is_empty() {
            return Ok(None);
        }
        let url = Url::parse(origins.default.as_str())
            .and_then(|base| base.join(text))
            .map_err(|_| InvalidNext)?;
        let origin = Origin::of(&url).ok_or(InvalidNext)?;
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        let is_allowed = origin == *origins.default || origins.allowed.contains(&origin);
        let path = decoded_path(&url);
        let is_page = !path.starts_with("//") && (origin != *origins.portal || !is_auth(&path));
        if !(is_allowed && is_anonymous && is_page) {
            return Err(InvalidNext);
        }
        let length = url.as_str().len() - origin.as_str().len();
        Ok((length <= MAX_LENGTH).then(|| Self(url.into())))
    }

    /// Restores a URL from a signed link or an item, which were written by this portal.
    pub const fn from_stored(url: String) -> Self {
        Self(url)
    }

    /// Returns the absolute URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns `url` with `next`, if there is one, as a parameter of its query.
    pub fn add_to(next: Option<&Self>, url: &str) -> String {
        let Some(next) = next else {
            return url.to_owned();
        };
        let separator = if url.contains('?') { '&' } else { '?' };
        let encoded = utf8_percent_encode(next.as_str(), NON_ALPHANUMERIC);
        format!("{url}{separator}next={encoded}")
    }
}

/// Returns the path of `url` as the most lenient server might read it: decoded as often as it was
/// encoded, with slashes for backslashes, and without control characters and white space.
fn decoded_path(url: &Url) -> String {
    let mut path = url.path().to_owned();
    loop {
        let decoded = percent_decode_str(&path).decode_utf8_lossy().into_owned();
        if decoded == path {
            break;
        }
        path = decoded;
    }
    path.retain(|c| !c.is_control() && !c.is_whitespace());
    path.replace('\\', "/")
}

/// Returns whether a server might read `path` as one below `/auth`.
fn is_auth(path: &str) -> bool {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment.split([';', '?', '#']).next().unwrap_or_default() {
            "" | "." => {}
            ".." => drop(segments.pop()),
            name => segments.push(name.trim_end_matches('.')),
        }
    }
    segments
        .first()
        .is_some_and(|name| name.eq_ignore_ascii_case("auth"))
}

#[cfg(test)]
mod tests;
