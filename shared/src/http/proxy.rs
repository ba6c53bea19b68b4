//! A proxy in front of the API, such as CloudFront: visitors reach the portal only through it.

use crate::domain::proxy_secrets::ProxySecrets;
use crate::http::request::Request;
use std::net::{IpAddr, SocketAddr};

/// The header with the secret, which the proxy sets.
const SECRET: &str = "vestibule-proxy-secret";
/// The header with the viewer's address and port, which CloudFront sets.
const VIEWER: &str = "cloudfront-viewer-address";

impl Request {
    /// Refuses the request of a visitor that did not come through the proxy, and takes the
    /// visitor's address from the proxy. Without `secrets` nothing is refused, and no header is
    /// believed. Administrators, whose signatures API Gateway has checked, need no proxy.
    pub(crate) fn through_proxy(mut self, secrets: &ProxySecrets) -> Option<Self> {
        let presented = self.remove_header(SECRET).unwrap_or_default();
        if secrets.is_empty() || !self.iam_arn().is_empty() {
            return Some(self);
        }
        if !secrets.contains(&presented) {
            return None;
        }
        let viewer = self.header(VIEWER).and_then(address);
        if viewer.is_none() {
            tracing::error!("the proxy does not send CloudFront-Viewer-Address");
        }
        self.set_source_ip(viewer?);
        Some(self)
    }
}

/// Reads an address and a port. CloudFront writes no brackets around an IPv6 address.
fn address(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address.ip());
    }
    let (address, _port) = text.rsplit_once(':')?;
    address.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_viewers_address_is_read_with_and_without_brackets() {
        for (text, ip) in [
            ("198.51.100.10:46532", Some("198.51.100.10")),
            ("2001:db8::1:46532", Some("2001:db8::1")),
            ("[2001:db8::1]:46532", Some("2001:db8::1")),
            ("198.51.100.10", None),
            ("198.51.100.10, 192.0.2.1:1", None),
            ("?", None),
            ("", None),
        ] {
            assert_eq!(address(text), ip.map(|ip| ip.parse().unwrap()), "{text}");
        }
    }
}
