//! The portal's four cookies (RFC 6265bis): the session, the nonces of the links that this browser
//! requested, the marks that make it known, and what was typed into a form.

use crate::domain::known_browser::KnownBrowser;
use crate::domain::link::Nonce;
use crate::domain::origin::Origin;
use crate::domain::portal::PortalName;
use crate::domain::time::DAY;
use std::time::Duration;

/// The longest time that browsers keep a cookie (RFC 6265bis, 5.5).
pub const MAX_AGE: Duration = DAY.saturating_mul(400);
/// Number of links of one browser that work at the same time, and of addresses it is known to.
const MAX_ENTRIES: usize = 3;

/// One of the portal's cookies, named as this origin requires.
pub struct Cookie {
    name: String,
    secure: bool,
}

impl Cookie {
    /// Creates the session cookie: `__Host-<portal>.sid`, plain `<portal>.sid` on http://localhost.
    pub fn session(portal: &PortalName, origin: &Origin) -> Self {
        Self::named("sid", portal, origin)
    }

    /// Creates the cookie of requested links, `__Host-<portal>.requests`: up to the last three
    /// nonces.
    pub fn requests(portal: &PortalName, origin: &Origin) -> Self {
        Self::named("requests", portal, origin)
    }

    /// Creates the cookie of known browsers, `__Host-<portal>.known`: the marks of up to the last
    /// three addresses that signed in.
    pub fn known(portal: &PortalName, origin: &Origin) -> Self {
        Self::named("known", portal, origin)
    }

    /// Creates the cookie of what was typed into a form, `__Host-<portal>.draft`.
    pub fn draft(portal: &PortalName, origin: &Origin) -> Self {
        Self::named("draft", portal, origin)
    }

    fn named(suffix: &str, portal: &PortalName, origin: &Origin) -> Self {
        let secure = origin.is_secure();
        let prefix = if secure { "__Host-" } else { "" };
        Self {
            name: format!("{prefix}{portal}.{suffix}"),
            secure,
        }
    }

    /// Returns the cookie's full name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the `Set-Cookie` value that keeps `value` for `lifetime`, at most [`MAX_AGE`].
    pub fn set(&self, value: &str, lifetime: Duration) -> String {
        let name = &self.name;
        let secure = if self.secure { "; Secure" } else { "" };
        let max_age = lifetime.min(MAX_AGE).as_secs();
        format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}")
    }

    /// Returns the `Set-Cookie` value that removes the cookie.
    pub fn clear(&self) -> String {
        self.set("", Duration::ZERO)
    }
}

/// Parses the nonces of a requests cookie, newest first. Leaves out malformed and repeated ones.
pub fn nonces(value: &str) -> Vec<Nonce> {
    let mut parsed: Vec<Nonce> = Vec::new();
    for nonce in value.split('.').take(MAX_ENTRIES).filter_map(Nonce::parse) {
        if parsed.iter().all(|other| other.link() != nonce.link()) {
            parsed.push(nonce);
        }
    }
    parsed
}

/// Returns the value of the requests cookie after `new` was added to `old`, which may have it.
pub fn with_nonce(new: &Nonce, old: &[Nonce]) -> String {
    let others = old.iter().filter(|nonce| nonce.link() != new.link());
    joined(std::iter::once(new).chain(others).map(Nonce::expose))
}

/// Parses the marks of a cookie of known browsers, newest first. Leaves out malformed ones.
pub fn known_browsers(value: &str) -> Vec<KnownBrowser> {
    let entries = value.split('.').take(MAX_ENTRIES);
    entries.filter_map(KnownBrowser::parse).collect()
}

/// Returns the value of the cookie of known browsers after `new` was added to `others`.
pub fn with_known_browser(new: &KnownBrowser, others: &[KnownBrowser]) -> String {
    let all = std::iter::once(new).chain(others);
    joined(all.map(KnownBrowser::expose))
}

fn joined(entries: impl Iterator<Item = String>) -> String {
    let entries: Vec<_> = entries.take(MAX_ENTRIES).collect();
    entries.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(origin: &str) -> Cookie {
        Cookie::session(
            &PortalName::parse("partner").unwrap(),
            &Origin::parse(origin).unwrap(),
        )
    }

    #[test]
    fn a_cookie_has_the_host_prefix_except_on_localhost() {
        assert_eq!(
            cookie("https://login.example.com").set("x", Duration::from_secs(60)),
            "__Host-partner.sid=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            cookie("http://localhost:8787").clear(),
            "partner.sid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_cookie_lives_at_most_400_days() {
        let ten_years = Duration::from_secs(10 * 365 * 86_400);
        assert!(
            cookie("https://login.example.com")
                .set("x", ten_years)
                .contains("Max-Age=34560000;")
        );
    }

    #[test]
    fn a_browser_keeps_its_three_newest_nonces() {
        let mut value = String::new();
        for n in 1..=5 {
            value = with_nonce(&Nonce::new([n; 32]), &nonces(&value));
        }
        let kept: Vec<_> = nonces(&value).iter().map(Nonce::link).collect();
        assert_eq!(kept, [5, 4, 3].map(|n| Nonce::new([n; 32]).link()));
        assert!(nonces("garbage.x.").is_empty());
        let one = Nonce::new([1; 32]).expose();
        assert_eq!(nonces(&format!("{one}.{one}.{one}")).len(), 1);
    }
}
