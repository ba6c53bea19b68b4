//! The portal's names and places.

use super::link::Link;
use std::fmt;
use url::Url;

/// The portal's short name: in its cookies, its tokens and its audit actions. Two portals with
/// different names accept nothing of each other's, even with the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalName(String);

impl PortalName {
    /// Lower-case letters, digits and inner hyphens, starting with a letter, at most 32 characters:
    /// what a cookie name, a resource name and an audit action can all hold.
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let good = text.len() <= 32
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            && text.bytes().all(allowed);
        good.then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PortalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A web origin (RFC 6454) that may hold sign-in cookies: `https`, or `http` on localhost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Parses `scheme://host[:port]`; a path, a query or credentials make it something else than an
    /// origin.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        (bare && anonymous).then(|| Self::of(&url)).flatten()
    }

    /// The origin of `url`, if it is one that may hold sign-in cookies.
    pub fn of(url: &Url) -> Option<Self> {
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
        let trusted = url.scheme() == "https" || (url.scheme() == "http" && local);
        trusted.then(|| Self(url.origin().ascii_serialization()))
    }

    /// As browsers send it in the `Origin` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether cookies set here can carry `Secure` and the `__Host-` prefix.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// `path`, which starts with a slash, on this origin.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

/// Where the portal and its frontend are.
#[derive(Clone, Debug)]
pub struct Site {
    /// The origin these functions are reached at. Without it, the domain name that API Gateway was
    /// called by.
    pub public: Option<Origin>,
    /// The origin people land on. Without it, the built-in pages are all there is.
    pub frontend: Option<Origin>,
    /// The frontend's sign-in page.
    pub login_path: String,
    /// Where the frontend wants people once they are signed in.
    pub dashboard_path: String,
    /// The origins whose scripts and forms may call, the frontend's among them.
    pub allowed: Vec<Origin>,
}

impl Site {
    /// The origin that a relative `next` is resolved on; `own` is where these functions are
    /// reached.
    pub fn default_origin<'a>(&'a self, origin: &'a Origin) -> &'a Origin {
        self.frontend.as_ref().unwrap_or(origin)
    }

    /// The sign-in page: the frontend's, or the built-in one.
    pub fn login_url(&self, origin: &Origin) -> String {
        self.frontend.as_ref().map_or_else(
            || origin.join("/auth/sign-in"),
            |frontend| frontend.join(&self.login_path),
        )
    }

    /// Where somebody goes who has signed in with `link`: to its `next` in the browser that asked
    /// for it, and nowhere else.
    pub fn landing_url(&self, link: &Link, asked: bool, origin: &Origin) -> String {
        let next = link.next.as_ref().filter(|_| asked);
        next.map_or_else(
            || self.dashboard_url(origin),
            |next| next.as_str().to_owned(),
        )
    }

    /// The frontend's page for people who have signed in, or the built-in one.
    pub fn dashboard_url(&self, origin: &Origin) -> String {
        let built_in = || origin.join("/auth/signed-in");
        self.frontend
            .as_ref()
            .map_or_else(built_in, |frontend| frontend.join(&self.dashboard_path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portal_name_fits_a_cookie_name() {
        for good in ["partner", "a", "oncall-2"] {
            assert!(PortalName::parse(good).is_some(), "{good}");
        }
        for wrong in [
            "",
            "Partner",
            "2nd",
            "a-",
            "a b",
            "a;b",
            "a.b",
            &"a".repeat(33),
        ] {
            assert!(PortalName::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn an_origin_is_nothing_but_an_origin() {
        assert_eq!(
            Origin::parse("https://Portal.Example.com:443/")
                .unwrap()
                .as_str(),
            "https://portal.example.com"
        );
        assert_eq!(
            Origin::parse("http://localhost:8787").unwrap().as_str(),
            "http://localhost:8787"
        );
        for wrong in [
            "",
            "portal.example.com",
            "http://portal.example.com",
            "https://a@b.example",
            "https://b.example/x",
            "https://b.example?x",
            "https://b.example/#x",
            "javascript:alert(1)",
            "null",
            "file:///",
        ] {
            assert_eq!(Origin::parse(wrong), None, "{wrong}");
        }
    }
}
