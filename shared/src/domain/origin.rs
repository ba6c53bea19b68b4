//! Web origins that may hold sign-in cookies.

use url::Url;

/// A web origin (RFC 6454) that may hold sign-in cookies: `https`, or `http` on localhost and its
/// subdomains, which never leave the machine (RFC 6761).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Parses `scheme://host[:port]`. Returns `None` for a URL with a path, a query or credentials.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        (is_bare && is_anonymous).then(|| Self::of(&url)).flatten()
    }

    /// Returns the origin of `url`, if it may hold sign-in cookies.
    pub fn of(url: &Url) -> Option<Self> {
        let is_local = url.host_str().is_some_and(|host| {
            matches!(host, "localhost" | "127.0.0.1") || host.ends_with(".localhost")
        });
        let is_trusted = url.scheme() == "https" || (url.scheme() == "http" && is_local);
        is_trusted.then(|| Self(url.origin().ascii_serialization()))
    }

    /// Returns the form that browsers send in the `Origin` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether cookies of this origin can have `Secure` and the `__Host-` prefix.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// Returns the URL of `path`, which starts with a slash.
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
        let local = "http://login.example.localhost:8787";
        assert_eq!(Origin::parse(local).unwrap().as_str(), local);
        for wrong in [
            "",
            "portal.example.com",
            "http://portal.example.com",
            "http://notlocalhost",
            "http://localhost.example.com",
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
