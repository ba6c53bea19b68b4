//! The client of a request. The names of browsers and systems come from a closed list, so that
//! nothing a stranger typed reaches an email or a page.

/// The client of a request as far as it is known: stored with the session and in the audit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientInfo {
    /// IP address that API Gateway saw.
    pub ip: String,
    /// The `User-Agent` header: printable ASCII, at most 256 characters.
    pub user_agent: String,
}

impl ClientInfo {
    /// Drops characters of `user_agent` that are not printable ASCII, and all after the first 256.
    pub fn new(ip: &str, user_agent: &str) -> Self {
        let printable = user_agent.chars().filter(|c| matches!(c, ' '..='~'));
        Self {
            ip: ip.to_owned(),
            user_agent: printable.take(256).collect(),
        }
    }

    /// Returns the name of the browser, if it is known.
    pub fn browser(&self) -> Option<&'static str> {
        browser(&self.user_agent)
    }

    /// Returns the name of the operating system, if it is known.
    pub fn system(&self) -> Option<&'static str> {
        system(&self.user_agent)
    }

    /// Returns the network that rate limits count: the IPv4 address, or the /64 of an IPv6 address,
    /// which is what a provider assigns to one customer.
    pub fn network(&self) -> String {
        match self.ip.parse() {
            Ok(std::net::IpAddr::V6(ip)) if ip.to_ipv4_mapped().is_none() => {
                let [a, b, c, d, ..] = ip.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            Ok(ip) => ip.to_canonical().to_string(),
            Err(_) => self.ip.clone(),
        }
    }
}

fn first_named(user_agent: &str, names: &[(&str, &'static str)]) -> Option<&'static str> {
    names
        .iter()
        .find(|(mark, _)| user_agent.contains(mark))
        .map(|(_, name)| *name)
}

fn browser(user_agent: &str) -> Option<&'static str> {
    // The order matters: most browsers also claim to be the ones below them.
    let names = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    first_named(user_agent, &names)
}

fn system(user_agent: &str) -> Option<&'static str> {
    let names = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    first_named(user_agent, &names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;

    #[test]
    fn common_browsers_are_named() {
        let cases = [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 \
                 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 \
                 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
                 CriOS/140.0 Mobile Safari/604.1",
                "Chrome on iPhone",
            ),
        ];
        let partly_known = [
            ("Mozilla/5.0 (X11; Linux x86_64)", "Linux"),
            ("Firefox/140.0", "Firefox"),
            ("curl/8.5.0", "Unknown browser"),
        ];
        for (header, words) in cases.into_iter().chain(partly_known) {
            assert_eq!(
                Language::English.client(&ClientInfo::new("192.0.2.1", header)),
                words
            );
        }
    }

    #[test]
    fn an_unknown_user_agent_is_never_repeated() {
        let client = ClientInfo::new(
            "192.0.2.1",
            "<a href=https://evil.example>Click</a>\r\nBcc: x",
        );
        assert_eq!(Language::English.client(&client), "Unknown browser");
        assert!(!client.user_agent.contains(['\r', '\n']));
    }

    #[test]
    fn addresses_of_one_ipv6_customer_are_one_network() {
        let network = |ip| ClientInfo::new(ip, "").network();
        assert_eq!(
            network("2001:db8:1:2:3:4:5:6"),
            network("2001:db8:1:2:ffff::1")
        );
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
