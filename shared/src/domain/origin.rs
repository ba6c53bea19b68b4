//! Web origins.

use url::Url;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_path_query_or_credentials() {
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
