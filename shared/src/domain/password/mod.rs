//! Passwords, and the policy on which of them users may choose.

pub mod hash;
mod policy;
mod strength;
mod weak;

pub use policy::PasswordPolicy;
pub use weak::{MAX_LENGTH, WeakPassword};

use crate::domain::secret::Secret;
use icu_normalizer::ComposingNormalizerBorrowed;

/// A password: 1 to 256 characters (Unicode scalar values) in NFC (RFC 8265, 4.2), so that the same
/// text typed on another keyboard is the same password. Every character counts, including white
/// space. `Debug` prints `[redacted]`.
#[derive(Clone, Debug)]
pub struct Password(Secret<String>);

impl Password {
    /// Parses a password that somebody signs in with. No policy applies, because the password may
    /// be older than the policy.
    pub fn parse(text: &str) -> Option<Self> {
        let text = nfc(text);
        let length = text.chars().count();
        (1..=MAX_LENGTH)
            .contains(&length)
            .then(|| Self(Secret::new(text)))
    }

    /// Parses a password that a user sets. Its length and the guesses it takes count; no rule
    /// requires certain kinds of characters (NIST SP 800-63B-4, 3.1.1.2; OWASP ASVS 5.0, 6.2).
    ///
    /// # Errors
    /// [`WeakPassword`] says why the password is rejected.
    pub fn choose(text: &str, policy: &PasswordPolicy<'_>) -> Result<Self, WeakPassword> {
        let text = nfc(text);
        let length = text.chars().count();
        if length < policy.min_length {
            return Err(WeakPassword::TooShort {
                min_length: policy.min_length,
            });
        }
        if length > MAX_LENGTH {
            return Err(WeakPassword::TooLong);
        }
        policy.check_strength(&text)?;
        Ok(Self(Secret::new(text)))
    }

    /// Returns the text, to compute its hash.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

fn nfc(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(text)
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_and_decomposed_letters_are_the_same_password() {
        let typed = |text| Password::parse(text).unwrap().expose().to_owned();
        assert_eq!(typed("Pa\u{308}sse"), typed("P\u{e4}sse"));
        assert_eq!(typed("\u{212b}"), typed("\u{c5}"), "the Ångström sign");
        assert_ne!(typed("ﬁ"), typed("fi"), "similar letters are different");
        assert_ne!(typed("Password "), typed("Password"), "white space counts");
    }

    #[test]
    fn a_sign_in_accepts_1_to_256_of_any_characters_without_a_policy() {
        for text in [
            "a",
            "\0",
            " ",
            "\n\u{202e}\u{feff}",
            &"🎉".repeat(256),
            &"e\u{301}".repeat(256),
        ] {
            assert!(Password::parse(text).is_some(), "{text:?}");
        }
        for text in ["", &"a".repeat(257), &"a".repeat(16 * 1024)] {
            assert!(Password::parse(text).is_none(), "{} bytes", text.len());
        }
    }

    #[test]
    fn a_password_prints_as_redacted() {
        let printed = format!("{:?}", Password::parse("hunter2"));
        assert!(
            printed.contains("[redacted]") && !printed.contains("hunter2"),
            "{printed}"
        );
    }
}
