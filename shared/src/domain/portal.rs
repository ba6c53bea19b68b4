//! The portal's short name.

use std::fmt;

/// The portal's short name, part of its cookies, tokens and audit actions. Two portals with
/// different names reject each other's tokens, even with the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalName(String);

impl PortalName {
    /// Parses at most 32 lowercase letters, digits and inner hyphens, starting with a letter: such
    /// a name fits cookies, resources and audit actions.
    pub fn parse(text: &str) -> Option<Self> {
        let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let is_valid = text.len() <= 32
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            && text.bytes().all(is_allowed);
        is_valid.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PortalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
}
