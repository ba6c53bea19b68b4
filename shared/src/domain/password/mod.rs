//! Passwords, and which of them may be chosen.

pub mod hash;
mod strength;
mod weak;

pub use weak::WeakPassword;

use crate::domain::address::EmailAddress;
use crate::domain::secret::Secret;
use icu_normalizer::ComposingNormalizerBorrowed;

/// The most characters a password may have.
pub const MAX_LENGTH: usize = 256;

/// A password: 1 to 256 characters (Unicode scalar values) in NFC (RFC 8265, 4.2), so that the same
/// letters typed on another keyboard are the same password. Every character counts, white space
/// too. Prints as `[redacted]`.
#[derive(Clone, Debug)]
pub struct Password(Secret<String>);

impl Password {
    /// Takes what was typed to sign in: no policy, because it may be older than the policy.
    pub fn parse(text: &str) -> Option<Self> {
        let text = nfc(text);
        let length = text.chars().count();
        (1..=MAX_LENGTH)
            .contains(&length)
            .then(|| Self(Secret::new(text)))
    }

    /// Takes what somebody wants to sign in with from now on. Length and guesses count, and no rule
    /// says which kinds of characters there must be (NIST SP 800-63B-4, 3.1.1.2; OWASP ASVS 5.0,
    /// 6.2).
    ///
    /// # Errors
    /// Why it would be guessed, or cannot be kept.
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
        strength::check(&text, policy.address, policy.portal)?;
        Ok(Self(Secret::new(text)))
    }

    /// The text itself: for hashing it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

fn nfc(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(text)
        .into_owned()
}

/// What a chosen password is measured against.
#[derive(Clone, Copy, Debug)]
pub struct PasswordPolicy<'a> {
    /// The fewest characters.
    pub min_length: usize,
    /// Whose password it will be.
    pub address: &'a EmailAddress,
    /// What the portal is called, for people.
    pub portal: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn weak_for(
        text: &str,
        min_length: usize,
        address: &str,
        portal: &str,
    ) -> Option<WeakPassword> {
        let address = EmailAddress::parse(address).unwrap();
        Password::choose(
            text,
            &PasswordPolicy {
                min_length,
                address: &address,
                portal,
            },
        )
        .err()
    }

    fn weak(text: &str) -> Option<WeakPassword> {
        weak_for(
            text,
            15,
            "ada.lovelace+portal@analytical.example",
            "Partner Portal",
        )
    }

    #[test]
    fn a_password_has_15_to_256_characters_however_many_bytes_they_take() {
        let start = "vä語🎉kW-qzj ftm&Rb";
        let of = |length: usize| {
            start
                .chars()
                .chain(std::iter::repeat('x'))
                .take(length)
                .collect::<String>()
        };
        assert_eq!(
            weak(&of(14)),
            Some(WeakPassword::TooShort { min_length: 15 })
        );
        assert_eq!((weak(&of(15)), weak(&of(256))), (None, None));
        assert_eq!(weak(&of(257)), Some(WeakPassword::TooLong));
        assert_eq!(weak(""), Some(WeakPassword::TooShort { min_length: 15 }));
        assert_eq!(
            weak(&"🎉".repeat(14)),
            Some(WeakPassword::TooShort { min_length: 15 })
        );
        assert_eq!(weak_for("kTq8-vRz", 8, "a@example.com", "P"), None);
        assert_eq!(
            weak_for("kTq8-vR", 8, "a@example.com", "P"),
            Some(WeakPassword::TooShort { min_length: 8 })
        );
    }

    #[test]
    fn length_is_counted_after_composing() {
        let decomposed = "vexo\u{308}zqjkwmfpth";
        assert_eq!(decomposed.chars().count(), 15);
        assert_eq!(
            weak(decomposed),
            Some(WeakPassword::TooShort { min_length: 15 })
        );
        assert_eq!(weak(&format!("{decomposed}y")), None);
    }

    #[test]
    fn the_same_letters_are_the_same_password_however_they_are_typed() {
        let typed = |text| Password::parse(text).unwrap().expose().to_owned();
        assert_eq!(typed("Pa\u{308}sse"), typed("P\u{e4}sse"));
        assert_eq!(typed("\u{212b}"), typed("\u{c5}"), "the Ångström sign");
        assert_ne!(typed("ﬁ"), typed("fi"), "what only looks alike stays apart");
        assert_ne!(typed("Password "), typed("Password"), "white space counts");
    }

    #[test]
    fn signing_in_takes_every_character_up_to_256_of_them_and_knows_no_policy() {
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
    fn what_nobody_would_guess_may_be_chosen_whatever_it_is_made_of() {
        for text in [
            "correct horse battery staple",
            "my cat knocked over the blue vase",
            "onlylowercaselettersbutmany",
            "kdjfhgiuwerhtjk",
            "8305716492837465",
            "Ужин в семь у бабушки",
            "晩御飯は七時に祖母の家で食べます",
            "x%Q2!fL9@mZ4&wB7",
            "ada told me where the teapot is",
        ] {
            assert_eq!(weak(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_tried_first_may_not_be_chosen() {
        for (text, why) in [
            ("passwordpassword", WeakPassword::Repeats),
            ("iloveyouforever", WeakPassword::Common),
            ("christopherrobin", WeakPassword::Names),
            ("unbelievable1234", WeakPassword::Guessable),
            ("zxcvbnmasdfghjkl", WeakPassword::Common),
            ("P@ssw0rdP@ssw0rd1", WeakPassword::Repeats),
            ("Password1234567", WeakPassword::Common),
            ("1qaz2wsx3edc4rfv", WeakPassword::Common),
            ("qwertyuiopasdfgh", WeakPassword::Common),
            ("aaaaaaaaaaaaaaaa", WeakPassword::Repeats),
            ("abcdefghijklmnop", WeakPassword::Sequence),
            ("123456789012345", WeakPassword::Common),
            ("1q2w3e4r5t6y7u8i", WeakPassword::Keyboard),
            ("zaq12wsxcde34rfv", WeakPassword::Keyboard),
            ("abc123abc123abc123", WeakPassword::Repeats),
            ("letmeinletmein12", WeakPassword::Repeats),
        ] {
            assert_eq!(weak(text), Some(why), "{text}");
        }
    }

    #[test]
    fn the_address_and_the_portals_name_are_no_passwords_even_with_something_around_them() {
        for text in [
            "ada.lovelace+portal@analytical.example",
            "ADA.LOVELACE+PORTAL@ANALYTICAL.EXAMPLE",
            "ada.lovelace+portal@analytical.example!",
            "ada.lovelace@2026",
            "Ada Lovelace 2026!!",
            "adalovelaceadalovelace",
            "Partner Portal!",
            "partner-portal-2026",
            "PartnerPortalPartnerPortal1",
            "!!!partnerportal!!!",
            "p@rtnerp0rtal!!!",
            "partner portal xy7kq2",
            "password for partner portal",
            "my password: ada.lovelace+portal@analytical.example",
        ] {
            assert_eq!(weak(text), Some(WeakPassword::Personal), "{text}");
        }
        assert_eq!(
            weak_for("ada@example.com", 15, "ada@example.com", "P"),
            Some(WeakPassword::Personal)
        );
        assert_eq!(
            weak_for("zorvexian123456", 15, "ada@mail.zorvexian.example", "P"),
            Some(WeakPassword::Personal)
        );
        assert_eq!(
            weak_for("zorvexian123456", 15, "ada@mail.example.com", "P"),
            None
        );
        assert_eq!(
            weak_for("Портал-2026!!!!", 15, "ada@example.com", "Портал"),
            Some(WeakPassword::Personal)
        );
    }

    #[test]
    fn a_short_address_or_a_name_of_signs_alone_refuses_nothing() {
        assert_eq!(
            weak_for("ba-ca-da-fa-ga-ha", 15, "a@example.com", "★ ★"),
            None
        );
        // Two letters of a name are in every other word.
        assert_eq!(weak_for("jokzjovwjo", 8, "jo@example.com", "P"), None);
        assert_ne!(
            weak_for("jo12345678", 8, "jo@example.com", "P"),
            Some(WeakPassword::Personal)
        );
    }

    #[test]
    fn every_reason_has_its_own_word_and_a_sentence() {
        let all = [
            WeakPassword::TooShort { min_length: 15 },
            WeakPassword::TooLong,
            WeakPassword::Personal,
            WeakPassword::Common,
            WeakPassword::Repeats,
            WeakPassword::Sequence,
            WeakPassword::Keyboard,
            WeakPassword::Dates,
            WeakPassword::Names,
            WeakPassword::Guessable,
        ];
        assert_eq!(
            all.iter()
                .map(|weak| weak.word())
                .collect::<BTreeSet<_>>()
                .len(),
            all.len()
        );
        assert_eq!(all[0].to_string(), "Use at least 15 characters.");
        for weak in all {
            let sentence = weak.to_string();
            assert!(
                sentence.starts_with(char::is_uppercase) && sentence.ends_with('.'),
                "{sentence}"
            );
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
