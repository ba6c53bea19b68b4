//! Codes: the eight digits next to a link in an email.

use super::secret::Secret;
use super::time::{MINUTE, Timestamp};
use icu_normalizer::uts46::Uts46MapperBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use std::time::Duration;

/// The longest that a code works by itself, after its email was requested (ASVS 5.0, 6.5.5).
pub const CODE_LIFETIME: Duration = MINUTE.saturating_mul(10);

/// The number of digits of a code.
pub const CODE_DIGITS: usize = 8;

/// The eight digits next to the link in an email. By themselves they work only in the requesting
/// browser.
#[derive(Clone, Debug)]
pub struct Code(Secret<u32>);

/// The error for a text that is not a [`Code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCode;

impl Code {
    /// Derives the code from a keyed hash of the link's id. The modulus bias of 64 bits over 10^8
    /// is below 2^-37.
    pub fn from_hash(hash: &[u8; 32]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = *hash;
        let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % 100_000_000;
        Self(Secret::new(u32::try_from(number).unwrap_or_default()))
    }

    /// Parses eight digits in any compatibility form, such as full-width digits. Ignores what email
    /// programs and people put around and between them: white space, hyphens and format characters.
    ///
    /// # Errors
    /// [`InvalidCode`] if anything else than eight digits is left.
    pub fn parse(text: &str) -> Result<Self, InvalidCode> {
        let kept = text.chars().filter(|c| !is_ignored(*c));
        // Maps digits as NFKC does, with tables that `idna` links already.
        let digits: String = Uts46MapperBorrowed::new().map_normalize(kept).collect();
        let is_valid = digits.len() == CODE_DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| is_valid);
        number.map(|n| Self(Secret::new(n))).ok_or(InvalidCode)
    }

    /// Returns the form of the email: `1234 5678`.
    pub fn expose(&self) -> String {
        let number = self.0.expose();
        format!("{:04} {:04}", number / 10_000, number % 10_000)
    }

    /// Compares two codes in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        self.0.expose().ct_eq(other.0.expose()).into()
    }
}

/// Returns whether a code whose email was requested at `requested_at` still works by itself.
pub fn is_fresh(requested_at: Timestamp, now: Timestamp) -> bool {
    now < requested_at.plus(CODE_LIFETIME)
}

/// Returns whether `c` is white space, a hyphen of any kind (Pd) or a format character (Cf).
fn is_ignored(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    c.is_whitespace()
        || matches!(
            category,
            GeneralCategory::DashPunctuation | GeneralCategory::Format
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use icu_normalizer::ComposingNormalizerBorrowed;

    fn parsed(text: &str) -> Option<String> {
        Code::parse(text).ok().map(|code| code.expose())
    }

    #[test]
    fn a_code_has_eight_digits_however_they_are_typed_or_pasted() {
        let code = Code::from_hash(&[0; 32]);
        assert_eq!(code.expose(), "0000 0000");
        assert!(Code::parse("00000000").unwrap().matches(&code));
        assert!(!Code::parse("00000001").unwrap().matches(&code));
        for text in [
            "12345678",
            "1234 5678",
            "    1234 5678\r\n",
            "1 2 3 4 5 6 7 8",
            "\t1234\u{a0}5678\u{3000}",
            "1234-5678",
            "1234\u{2013}5678",
            "\u{2014}1234\u{2011}5678\u{ff0d}",
            "\u{feff}1234\u{200b}5678\u{2060}\u{ad}",
            "\u{202a}1234 5678\u{202c}",
            "\u{ff11}\u{ff12}\u{ff13}\u{ff14}\u{ff15}\u{ff16}\u{ff17}\u{ff18}",
            "\u{1d7cf}\u{1d7d0}\u{1d7d1}\u{1d7d2}\u{2464}\u{2465}\u{2077}\u{2088}",
        ] {
            assert_eq!(parsed(text).as_deref(), Some("1234 5678"), "{text:?}");
        }
    }

    #[test]
    fn anything_but_eight_digits_is_not_a_code() {
        for text in [
            "",
            " ",
            "-",
            "\u{200b}",
            "1234567",
            "123456789",
            "+1234567",
            "1234.5678",
            "1234\u{2212}5678",
            "1234_5678",
            "0x123456",
            "1234567o",
            "1234567\0",
            "code 12345678",
            "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}\u{667}\u{668}",
            &"1".repeat(10_000),
        ] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_character_counts_as_its_nfkc_form_does() {
        let nfkc = ComposingNormalizerBorrowed::new_nfkc();
        // No character of the planes in between is assigned.
        let assigned = (0..0x3_4000).chain(0xe_0000..0xe_0200);
        for c in assigned.filter_map(char::from_u32) {
            let mut rest = nfkc.normalize(c.encode_utf8(&mut [0; 4])).into_owned();
            rest.retain(|c| !is_ignored(c));
            let is_digits = rest.len() <= 8 && rest.bytes().all(|b| b.is_ascii_digit());
            let padding = "0".repeat(8_usize.saturating_sub(rest.len()));
            let parsed = Code::parse(&format!("{padding}{c}"));
            assert_eq!(parsed.is_ok(), is_digits, "{c:?} is {rest:?} in NFKC");
        }
    }

    #[test]
    fn a_code_is_fresh_for_ten_minutes() {
        let requested_at = Timestamp::from_secs(1000);
        assert!(is_fresh(requested_at, Timestamp::from_millis(1_599_999)));
        assert!(!is_fresh(requested_at, Timestamp::from_secs(1600)));
    }

    #[test]
    fn a_code_does_not_print() {
        let shown = format!("{:?}", Code::from_hash(&[3; 32]));
        assert_eq!(shown, "Code([redacted])");
    }
}
