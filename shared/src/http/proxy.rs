//! A proxy in front of the API, such as CloudFront: visitors reach the portal only through it.

use crate::domain::proxy_secrets::ProxySecrets;
use crate::http::request::Request;
use crate::http::response::{self, Response};
use serde_json::json;
use std::net::{IpAddr, SocketAddr};

/// The header with the secret, which the proxy sets.
const SECRET: &str = "vestibule-proxy-secret";
/// The header with the viewer's address and port, which CloudFront sets.
const VIEWER: &str = "cloudfront-viewer-address";

impl Request {
    /// Refuses the request of a visitor that did not come through the proxy, and takes the
    /// visitor's address from the proxy. Without `secrets` nothing is refused, and no header is
    /// believed. Administrators, whose signatures API Gateway has checked, need no proxy.
    ///
    /// # Errors
    /// 421 (Misdirected Request) in API Gateway's form, for a request that is refused.
    pub(crate) fn through_proxy(mut self, secrets: &ProxySecrets) -> Result<Self, Response> {
        let presented = self.remove_header(SECRET).unwrap_or_default();
        if secrets.is_empty() || !self.iam_arn().is_empty() {
            return Ok(self);
        }
        let refused = || response::json(421, &json!({ "message": "Misdirected Request" }));
        if !secrets.contains(&presented) {
            return Err(refused());
        }
        let viewer = self.header(VIEWER).and_then(address).ok_or_else(|| {
            tracing::error!("the proxy does not send CloudFront-Viewer-Address");
            refused()
        })?;
        self.set_source_ip(viewer);
        Ok(self)
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
