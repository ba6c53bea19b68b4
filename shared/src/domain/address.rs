//! Email addresses and their canonical spelling.

use super::characters::is_invisible;
use std::fmt;

/// An email address in its canonical spelling, which is stored and compared.
///
/// The local part is an ASCII dot-atom (RFC 5322, 3.2.3) of at most 64 octets, in lower case:
/// `Ada@` and `ada@` are one mailbox. (RFC 5321 leaves case to the receiving host, but no host in
/// use distinguishes them, and two accounts that differ only in case would be a trap.) The domain
/// is the ASCII form of an IDNA domain (UTS 46, strict) with at least two labels. Quoted or
/// non-ASCII local parts, address literals and display names are rejected, and with them everything
/// that could become a second header. The address has at most 254 octets (RFC 5321, 4.5.3.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Parses an address as a person types or pastes it. White space and invisible characters
    /// around it are ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches(is_invisible);
        if text.len() > 254 {
            return None;
        }
        let (local, domain) = text.rsplit_once('@')?;
        let domain = idna::domain_to_ascii_strict(domain).ok()?;
        let whole = format!("{}@{domain}", local.to_ascii_lowercase());
        (is_dot_atom(local) && is_email_domain(&domain) && whole.len() <= 254)
            .then_some(Self(whole))
    }

    /// Returns the canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the address without its tag (`+` and what follows it): most hosts deliver both to
    /// the same mailbox.
    pub fn without_tag(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or_default();
        let mailbox = local
            .split_once('+')
            .map_or(local, |(mailbox, _tag)| mailbox);
        format!("{mailbox}@{domain}")
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_dot_atom(local: &str) -> bool {
    let atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    // RFC 2047: mail clients decode an encoded word and show something else.
    let encoded_word = local.contains("=?");
    local.len() <= 64
        && !encoded_word
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(atext))
}

fn is_email_domain(domain: &str) -> bool {
    // UTS 46 has checked the labels and the lengths.
    let top = domain.rsplit_once('.').map(|(_, top)| top);
    top.is_some_and(|top| top.bytes().any(|b| b.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<String> {
        EmailAddress::parse(text).map(|address| address.to_string())
    }

    #[test]
    fn case_and_surrounding_space_do_not_change_the_address() {
        for text in [
            "ada@example.com",
            "Ada@Example.COM",
            " ada@example.com\t",
            "ada@example.com\r\n",
            "\u{feff}ada@example.com",
            "\u{200b}ada@example.com\u{200b}",
            "\u{a0}ada@example.com\u{a0}",
            "\u{3000}\u{2060}ada@example.com\u{ad}\u{2028}",
            "\u{202a}ada@example.com\u{202c}",
            "\u{2066}ada@example.com\u{2069}\u{200e}",
            "ada@example.com\u{fe0f}\u{200d}",
        ] {
            assert_eq!(parsed(text).as_deref(), Some("ada@example.com"), "{text:?}");
        }
    }

    #[test]
    fn an_international_domain_is_stored_in_ascii() {
        assert_eq!(
            parsed("ada@Bücher.example").as_deref(),
            Some("ada@xn--bcher-kva.example")
        );
    }

    #[test]
    fn tags_and_unusual_legal_characters_are_accepted() {
        for text in [
            "a+b@example.com",
            "o'neil@example.com",
            "a.b-c_d@sub.example.co.uk",
            "!#$%&'*+-/=^?_`{|}~@e.org",
        ] {
            assert_eq!(parsed(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn header_injections_and_unsupported_addresses_are_rejected() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long = format!("a@{}.com", "b.".repeat(130));
        for text in [
            "",
            "@",
            "a@",
            "@example.com",
            "a@example",
            "a b@example.com",
            "a@exa mple.com",
            "\"a b\"@example.com",
            "a@example.com\r\nBcc: x@evil.example",
            "a\n@example.com",
            "\u{feff}",
            "a\u{200b}@example.com",
            "a\u{a0}@example.com",
            "a@\u{feff}example.com x",
            "a@example.com\u{200b}\0",
            "a@example.com,b@example.com",
            "a,b@example.com",
            "<a@example.com>",
            "Ada <a@example.com>",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "ä@example.com",
            "a..b@example.com",
            ".a@example.com",
            "a.@example.com",
            "a@-example.com",
            "a@example..com",
            "a@.example.com",
            "a@example.com.",
            "a@b@example.com",
            "a@exam_ple.com",
            "=?utf-8?q?a?=@example.com",
            "a@example.com\0",
            "a@xn--a.example",
            &long_local,
            &long,
        ] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_tag_does_not_change_the_mailbox() {
        let mailbox = |text| EmailAddress::parse(text).unwrap().without_tag();
        assert_eq!(
            mailbox("ada+one+two@example.com"),
            mailbox("ada@example.com")
        );
        assert_ne!(mailbox("ada+one@example.com"), mailbox("ada@example.org"));
    }

    #[test]
    fn an_address_has_at_most_254_octets_as_typed_and_in_ascii() {
        let domain = ["b".repeat(63), "c".repeat(63), "d".repeat(59)].join(".");
        let address = |local: usize| format!("{}@{domain}", "a".repeat(local));
        assert_eq!(address(64).len(), 252);
        let whole = format!("{}dd", address(64));
        assert_eq!((whole.len(), parsed(&whole)), (254, Some(whole.clone())));
        assert_eq!(parsed(&format!("{whole}d")), None);
        // Shorter as typed than in ASCII.
        let typed = format!(
            "{}@{}.example",
            "a".repeat(64),
            vec!["ü".repeat(40); 4].join(".")
        );
        assert!(typed.chars().count() < 254);
        assert_eq!(parsed(&typed), None);
    }
}
