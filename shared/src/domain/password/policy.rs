//! The policy on new passwords: a minimum length, and a minimum number of guesses for somebody who
//! knows the portal and the address.

use super::weak::WeakPassword;
use crate::domain::address::EmailAddress;
use zxcvbn::Entropy;
use zxcvbn::feedback::Feedback;
use zxcvbn::matching::patterns::MatchPattern;

/// Number of characters that the estimate reads. Forty characters that are hard to guess need no
/// more, and others do not get stronger behind them.
const ESTIMATED: usize = 40;

/// Characters that the estimate reads as letters, and how many different ones it may see. It tries
/// every combination of the letters they may stand for: with all of them 100 characters take more
/// than a second of CPU time, 40 characters with four of them a fiftieth of that.
const READ_AS_LETTERS: (&str, usize) = ("@({[<!|$+%", 4);

/// Minimum number of guesses. zxcvbn calls more than this "safely unguessable", even for an
/// attacker who has the hash. Eight characters without any pattern take exactly as many.
const MIN_GUESSES: u64 = 100_000_000;

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
    /// Checks that the password takes at least [`MIN_GUESSES`] guesses. If it contains the address
    /// or the portal's name, the rest of it must take as many by itself.
    pub(super) fn check_strength(&self, text: &str) -> Result<(), WeakPassword> {
        let rest = self.without_names(text);
        let personal = self.personal_words();
        let words: Vec<_> = personal.iter().map(String::as_str).collect();
        let estimate = zxcvbn::zxcvbn(&bounded(rest.as_deref().unwrap_or(text)), &words);
        match estimate.guesses() {
            MIN_GUESSES.. => Ok(()),
            _ if rest.is_some() || is_personal(&estimate, &words) => Err(WeakPassword::Personal),
            _ => Err(estimate
                .feedback()
                .and_then(Feedback::warning)
                .map_or(WeakPassword::Guessable, WeakPassword::from)),
        }
    }

    /// Returns the letters and digits that remain without the address and the portal's name, or
    /// `None` if the password contains neither. Case and punctuation are ignored.
    fn without_names(&self, text: &str) -> Option<String> {
        let whole = folded(text);
        let local = self.local_part();
        let untagged = local.split('+').next().unwrap_or_default();
        let mut rest = whole.clone();
        for word in [self.address.as_str(), local, untagged, self.portal].map(folded) {
            if word.chars().count() > 2 {
                rest = rest.replace(&word, "");
            }
        }
        (rest != whole).then_some(rest)
    }

    /// Returns the words that somebody who knows the portal and the address tries first.
    fn personal_words(&self) -> Vec<String> {
        let domain = self.address.as_str().rsplit('@').next().unwrap_or_default();
        let local = self.local_part();
        let names = [self.portal, local, domain];
        let parts = names
            .iter()
            .flat_map(|name| name.split(|c: char| !c.is_alphanumeric()));
        let wholes = [self.address.as_str(), local, domain, self.portal].map(str::to_lowercase);
        let run_together = names.map(folded);
        let mut words: Vec<_> = wholes
            .into_iter()
            .chain(run_together)
            .chain(parts.map(str::to_lowercase))
            .collect();
        words.retain(|word| word.chars().count() > 2);
        words
    }

    fn local_part(&self) -> &str {
        self.address.as_str().split('@').next().unwrap_or_default()
    }
}

/// Returns the part of `text` that is estimated. Beyond the allowed number of different characters
/// that read as letters, such characters are replaced by ones that do not.
fn bounded(text: &str) -> String {
    let (signs, limit) = READ_AS_LETTERS;
    let mut shown = vec![];
    let mut show = |c: char| {
        if !signs.contains(c) || shown.contains(&c) {
            return c;
        }
        if shown.len() < limit {
            shown.push(c);
            return c;
        }
        char::from_u32(0xe000 + u32::from(c)).unwrap_or(c)
    };
    text.chars().take(ESTIMATED).map(&mut show).collect()
}

/// Returns whether the estimate found one of `words` in the password.
fn is_personal(estimate: &Entropy, words: &[&str]) -> bool {
    estimate
        .sequence()
        .iter()
        .any(|found| match &found.pattern {
            MatchPattern::Dictionary(pattern) => words.contains(&pattern.matched_word.as_str()),
            _ => false,
        })
}

/// Returns only the letters and digits, in lower case.
fn folded(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::password::Password;
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

    #[test]
    fn the_estimate_reads_a_bounded_part_of_a_hostile_text() {
        let hostile = "4@8({[<3691!|70$5+%2".repeat(12);
        let shown = bounded(&hostile);
        let signs: BTreeSet<_> = shown
            .chars()
            .filter(|c| READ_AS_LETTERS.0.contains(*c))
            .collect();
        assert_eq!((shown.chars().count(), signs.len()), (40, 4));
        assert_eq!(
            shown.chars().collect::<BTreeSet<_>>().len(),
            20,
            "different characters stay different: {shown}"
        );
        for text in ["p@$$w0rd!", "🎉語 4@8({36917052"] {
            assert_eq!(bounded(text), text);
        }
    }
}
