//! The page after a sign-in.

use super::origin::Origin;
use url::Url;

/// The URL of the page after a sign-in: on an allowed origin, at most 512 characters. It is stored
/// as a WHATWG parser resolved it, so that the browser goes to the URL that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next(String);

impl Next {
    /// Resolves `text`, a path or a URL, against `default`. Returns `None` unless the result is on
    /// `default` or one of the `allowed` origins.
    pub fn parse(text: &str, default: &Origin, allowed: &[Origin]) -> Option<Self> {
        if text.len() > 512 {
            return None;
        }
        let url = Url::parse(default.as_str()).ok()?.join(text).ok()?;
        let origin = Origin::of(&url)?;
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        let is_allowed = origin == *default || allowed.contains(&origin);
        (is_allowed && is_anonymous && url.as_str().len() <= 512).then(|| Self(url.into()))
    }

    /// Restores a URL from a signed link or an item, which were written by this portal.
    pub const fn from_stored(url: String) -> Self {
        Self(url)
    }

    /// Returns the mark that stands in a link's token for a URL that only the link's row has.
    pub const fn in_row() -> Self {
        Self(String::new())
    }

    /// Returns whether this is [`Next::in_row`].
    pub const fn is_in_row(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the absolute URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(text: &str) -> Option<String> {
        let default = Origin::parse("https://portal.example.com").unwrap();
        let allowed = [Origin::parse("https://staff.example.com").unwrap()];
        Next::parse(text, &default, &allowed).map(|next| next.0)
    }

    #[test]
    fn paths_and_allowed_origins_are_accepted() {
        assert_eq!(
            next("/reports?x=1").as_deref(),
            Some("https://portal.example.com/reports?x=1")
        );
        assert_eq!(
            next("https://staff.example.com/a").as_deref(),
            Some("https://staff.example.com/a")
        );
        assert_eq!(
            next("/a/../b").as_deref(),
            Some("https://portal.example.com/b")
        );
    }

    #[test]
    fn a_next_has_at_most_512_characters_as_typed_and_as_resolved() {
        let typed = |n: usize| next(&format!("/{}", "a".repeat(n)));
        let origin = "https://portal.example.com".len();
        assert_eq!(typed(511 - origin).map(|next| next.len()), Some(512));
        assert_eq!(typed(512 - origin), None);
        // Longer as typed than as resolved: 512 characters, and 517.
        let up = |n: usize| next(&format!("/{}b", "a/../".repeat(n)));
        assert_eq!(up(102).as_deref(), Some("https://portal.example.com/b"));
        assert_eq!(up(103), None);
    }

    #[test]
    fn other_origins_and_schemes_are_rejected() {
        let long = format!("/{}", "a".repeat(600));
        for text in [
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "https://portal.example.com@evil.example",
            "https://allowed@portal.example.com/",
            "/\t/evil.example",
            "http://portal.example.com/",
            "https://portal.example.com:8443/",
            "data:text/html,x",
            "https://portal.example.com.evil.example",
            "///evil.example",
            "ht\ntps://evil.example",
            &long,
        ] {
            assert_eq!(next(text), None, "{text:?}");
        }
    }
}
