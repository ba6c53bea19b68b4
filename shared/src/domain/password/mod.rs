//! Passwords, and which of them may be chosen.

pub mod hash;
mod weak;

pub use weak::WeakPassword;

use crate::domain::address::EmailAddress;
use crate::domain::secret::Secret;
use icu_normalizer::ComposingNormalizerBorrowed;
use zxcvbn::Entropy;
use zxcvbn::feedback::Feedback;
use zxcvbn::matching::patterns::MatchPattern;

/// The most characters a password may have.
pub const MAX_LENGTH: usize = 256;

/// How many characters the estimate reads. Who has 40 that are hard to guess needs no more, and who
/// has not gains nothing by hiding them behind others.
const ESTIMATED: usize = 40;

/// The signs that the estimate reads as letters, and how many different ones it is shown. It tries
/// every combination of what they may stand for: with all of them 100 characters take over a second
/// of a processor, 40 with four of them a fiftieth of that.
const READ_AS_LETTERS: (&str, usize) = ("@({[<!|$+%", 4);

/// The guesses it must take. zxcvbn calls more than this "safely unguessable", even for whoever has
/// the hash; eight characters without any pattern take exactly as many.
const ENOUGH: u64 = 100_000_000;

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
    /// Takes a bounded time, whatever the text: see [`ESTIMATED`].
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
        policy.judge(&text)?;
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

impl PasswordPolicy<'_> {
    /// Whether it would take long to guess, for somebody who knows the portal and the address:
    /// without them it must be hard to guess by itself.
    fn judge(&self, text: &str) -> Result<(), WeakPassword> {
        let rest = self.without_names(text);
        let words = self.words();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let estimate = zxcvbn::zxcvbn(&bounded(rest.as_deref().unwrap_or(text)), &words);
        match estimate.guesses() {
            ENOUGH.. => Ok(()),
            _ if rest.is_some() || is_personal(&estimate, &words) => Err(WeakPassword::Personal),
            _ => Err(estimate
                .feedback()
                .and_then(Feedback::warning)
                .map_or(WeakPassword::Guessable, WeakPassword::from)),
        }
    }

    /// The letters and digits that are left without the address and the portal's name, if one of
    /// them is in there at all, case and punctuation aside.
    fn without_names(&self, text: &str) -> Option<String> {
        let whole = folded(text);
        let local = self.local();
        let untagged = local.split('+').next().unwrap_or_default();
        let mut rest = whole.clone();
        for word in [self.address.as_str(), local, untagged, self.portal].map(folded) {
            if word.chars().count() > 2 {
                rest = rest.replace(&word, "");
            }
        }
        (rest != whole).then_some(rest)
    }

    /// What somebody who knows the portal and the address tries first.
    fn words(&self) -> Vec<String> {
        let domain = self.address.as_str().rsplit('@').next().unwrap_or_default();
        let local = self.local();
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

    fn local(&self) -> &str {
        self.address.as_str().split('@').next().unwrap_or_default()
    }
}

/// As much of `text` as the estimate can take: further signs that it would read as letters become
/// such as it cannot.
fn bounded(text: &str) -> String {
    let (signs, most) = READ_AS_LETTERS;
    let mut shown = vec![];
    let mut show = |c: char| {
        if !signs.contains(c) || shown.contains(&c) {
            return c;
        }
        if shown.len() < most {
            shown.push(c);
            return c;
        }
        char::from_u32(0xe000 + u32::from(c)).unwrap_or(c)
    };
    text.chars().take(ESTIMATED).map(&mut show).collect()
}

/// Whether one of `words` is among what the estimate found.
fn is_personal(estimate: &Entropy, words: &[&str]) -> bool {
    estimate
        .sequence()
        .iter()
        .any(|found| match &found.pattern {
            MatchPattern::Dictionary(pattern) => words.contains(&pattern.matched_word.as_str()),
            _ => false,
        })
}

/// Letters and digits alone, in lower case.
fn folded(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
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
        ] {
            assert_eq!(weak(text), Some(why), "{text}");
        }
        // Several reasons are as good as one another, and which is given differs from run to run.
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
    fn a_hostile_text_costs_no_more_than_any_other() {
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
            "what differs still differs: {shown}"
        );
        for text in ["p@$$w0rd!", "🎉語 4@8({36917052"] {
            assert_eq!(bounded(text), text);
        }
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
