//! URLs and addresses in the one spelling that the template's patterns describe too, so that
//! CloudFormation refuses what a function would refuse.

use crate::domain::address::EmailAddress;
use crate::domain::origin::Origin;
use url::Url;

/// Splits a URL into its origin and the rest, in which nothing needs escaping. Returns `None` if
/// the origin is not spelled as browsers spell it.
pub(super) fn split_url(text: &str) -> Option<(Origin, &str)> {
    let url = Url::parse(text).ok()?;
    let origin = Origin::of(&url)?;
    let rest = text.strip_prefix(origin.as_str())?;
    let is_rest = rest.is_empty() || rest.starts_with(['/', '?', '#']);
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._~!$&()*+,;=:@%/?#-".contains(&b);
    let host = url.host_str()?;
    let is_valid = (is_host(host) || host == "127.0.0.1") && is_rest && rest.bytes().all(is_plain);
    is_valid.then_some((origin, rest))
}

/// Accepts an address in its canonical spelling, which the role of the mailer compares. Its local
/// part has no special characters.
pub(super) fn address(text: &str) -> Option<EmailAddress> {
    let (local, domain) = text.split_once('@')?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._+-".contains(&b);
    let is_valid = local.bytes().all(is_plain) && is_host(domain);
    let address = EmailAddress::parse(text).filter(|address| address.as_str() == text);
    address.filter(|_| is_valid)
}

/// Accepts a host name in lower case and ASCII, whose last label starts with a letter.
fn is_host(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    last.starts_with(|c: char| c.is_ascii_lowercase())
        && idna::domain_to_ascii_strict(text).is_ok_and(|ascii| ascii == text)
}
