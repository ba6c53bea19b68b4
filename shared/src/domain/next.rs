//! The page after a sign-in.

use super::origin::Origin;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

/// Maximum length of a `next` after its origin, in characters.
const MAX_LENGTH: usize = 2048;

/// The URL of the page after a sign-in: on an allowed origin, at most 2,048 characters after the
/// origin. It is stored as a WHATWG parser resolved it, so that the browser goes to the URL that was
/// checked.
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
mod tests {
    use super::*;

    const PORTAL: &str = "https://portal.example.com";

    fn next(text: &str) -> Result<Option<String>, InvalidNext> {
        let portal = Origin::parse(PORTAL).unwrap();
        let origins = NextOrigins {
            portal: &portal,
            default: &portal,
            allowed: &[Origin::parse("https://staff.example.com").unwrap()],
        };
        Next::parse(text, origins).map(|next| next.map(|next| next.0))
    }

    fn accepted(url: &str) -> Result<Option<String>, InvalidNext> {
        Ok(Some(url.to_owned()))
    }

    #[test]
    fn paths_and_allowed_origins_are_accepted() {
        for (text, url) in [
            ("/reports?x=1", "https://portal.example.com/reports?x=1"),
            ("https://staff.example.com/a", "https://staff.example.com/a"),
            ("/a/../b", "https://portal.example.com/b"),
            ("/a//b", "https://portal.example.com/a//b"),
        ] {
            assert_eq!(next(text), accepted(url), "{text:?}");
        }
    }

    #[test]
    fn an_empty_next_is_none() {
        for text in ["", " ", "\t", "\r\n", " \0 "] {
            assert_eq!(next(text), Ok(None), "{text:?}");
        }
    }

    #[test]
    fn a_next_has_at_most_2048_characters_after_the_origin() {
        let long = |n: usize| format!("/{}", "a".repeat(n - 1));
        for origin in [PORTAL, "https://staff.example.com"] {
            let url = format!("{origin}{}", long(2048));
            assert_eq!(next(&url), accepted(&url));
            assert_eq!(next(&format!("{origin}{}", long(2049))), Ok(None));
        }
        let url = format!("{PORTAL}{}", long(2048));
        assert_eq!(next(&long(2048)), accepted(&url));
        for too_long in [long(2049), long(9000), format!("/?{}", "é".repeat(1000))] {
            assert_eq!(next(&too_long), Ok(None));
        }
        assert_eq!(
            next(&format!("https://evil.example{}", long(2049))),
            Err(InvalidNext)
        );
        let up = format!("/{}b", "a/../".repeat(1000));
        assert_eq!(next(&up), accepted("https://portal.example.com/b"));
    }

    #[test]
    fn other_origins_and_schemes_are_rejected() {
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
            "https://portal.example.com./reports",
            "///evil.example",
            "ht\ntps://evil.example",
        ] {
            assert_eq!(next(text), Err(InvalidNext), "{text:?}");
        }
    }

    #[test]
    fn paths_that_begin_with_two_slashes_are_rejected() {
        for path in [
            "//evil.example",
            "/\\evil.example",
            "/.//evil.example",
            "/a/..//evil.example",
            "/%2e//evil.example",
            "/%2fevil.example",
            "/%5Cevil.example",
            "/%252fevil.example",
            "/%09/evil.example",
        ] {
            for origin in [PORTAL, "https://staff.example.com"] {
                let url = format!("{origin}{path}");
                assert_eq!(next(&url), Err(InvalidNext), "{url:?}");
            }
        }
        for path in [
            "/.//evil.example",
            "/%2fevil.example",
            "/a/..//evil.example",
        ] {
            assert_eq!(next(path), Err(InvalidNext), "{path:?}");
        }
    }

    #[test]
    fn the_portals_own_routes_are_rejected_however_they_are_spelled() {
        for path in [
            "/auth",
            "/auth/",
            "/auth/verify/token",
            "/auth?x",
            "/auth#x",
            "/AUTH/verify/token",
            "/Auth/verify",
            "/%61uth/verify",
            "/%2561uth/verify",
            "/%25%36%31uth/verify",
            "/./auth/verify",
            "/a/../auth/verify",
            "/a/%2e%2E/auth/verify",
            "/a/..%2fauth/verify",
            "/a%2f..%2fauth/verify",
            "/a%5c..%5cauth/verify",
            "/%2e%2fauth/verify",
            "\\auth\\verify",
            "/auth\\verify",
            "/auth%2fverify",
            "/auth%5cverify",
            "/auth%3fverify",
            "/auth%23verify",
            "/auth;x/verify",
            "/.;x/auth/verify",
            "/a/..;x/auth/verify",
            "/auth./verify",
            "/auth.../verify",
            "/auth%2e/verify",
            "/auth%20/verify",
            "/auth%00/verify",
            "/au%0dth/verify",
            "/au\tth/verify",
            " /auth/verify",
            "auth/verify",
            "./auth/verify",
        ] {
            assert_eq!(next(path), Err(InvalidNext), "{path:?}");
        }
        assert_eq!(
            next("https://PORTAL.example.com:443/auth/verify/token"),
            Err(InvalidNext)
        );
        for path in [
            "/author",
            "/reports/auth/",
            "/?/auth/",
            "/#/auth/",
            "/.auth",
        ] {
            let url = format!("{PORTAL}{path}");
            assert_eq!(next(path), accepted(&url), "{path:?}");
        }
        let elsewhere = "https://staff.example.com/auth/callback";
        assert_eq!(next(elsewhere), accepted(elsewhere));
    }

    #[test]
    fn a_next_is_added_to_a_query() {
        let next = Next::from_stored("https://a.example/b?c=d&e".to_owned());
        let encoded = "next=https%3A%2F%2Fa%2Eexample%2Fb%3Fc%3Dd%26e";
        assert_eq!(Next::add_to(Some(&next), "/x"), format!("/x?{encoded}"));
        assert_eq!(
            Next::add_to(Some(&next), "/x?y=z"),
            format!("/x?y=z&{encoded}")
        );
        assert_eq!(Next::add_to(None, "/x"), "/x");
    }
}
