//! The policy on new passwords: a minimum length, and a minimum number of guesses for somebody who
//! knows the portal and the address.

use super::strength;
use super::weak::WeakPassword;
use crate::domain::address::EmailAddress;

/// The policy for the password of one user.
#[derive(Clone, Copy, Debug)]
pub struct PasswordPolicy<'a> {
    /// Minimum length in characters.
    pub min_length: usize,
    /// Address of the user.
    pub address: &'a EmailAddress,
    /// Display name of the portal.
    pub portal: &'a str,
}

impl PasswordPolicy<'_> {
    /// Checks that the password takes enough guesses. If it contains a part of the address or of
    /// the portal's name, the rest of it must take as many by itself.
    pub(super) fn check_strength(&self, text: &str) -> Result<(), WeakPassword> {
        strength::check(text, self.address, self.portal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::password::Password;

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
    fn length_is_counted_in_characters_not_bytes() {
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
    fn length_is_counted_after_composition() {
        let decomposed = "vexo\u{308}zqjkwmfpth";
        assert_eq!(decomposed.chars().count(), 15);
        assert_eq!(
            weak(decomposed),
            Some(WeakPassword::TooShort { min_length: 15 })
        );
        assert_eq!(weak(&format!("{decomposed}y")), None);
    }

    #[test]
    fn passwords_that_are_hard_to_guess_are_accepted() {
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
    fn passwords_that_are_easy_to_guess_are_rejected_with_a_reason() {
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
        ] {
            assert_eq!(weak(text), Some(why), "{text}");
        }
        // Several reasons apply equally, and which one is given varies between runs.
        for text in [
            "123456789012345",
            "1q2w3e4r5t6y7u8i",
            "zaq12wsxcde34rfv",
            "abc123abc123abc123",
            "letmeinletmein12",
        ] {
            assert!(weak(text).is_some(), "{text}");
        }
    }

    #[test]
    fn the_address_and_the_portals_name_are_rejected_even_with_additions() {
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
    fn a_short_address_or_a_name_without_letters_rejects_nothing() {
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
}
